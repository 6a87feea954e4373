"""A survey in its file: what is left to measure, and what is refused."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from nas.errors import StudyError
from nas.results.survey import SURVEY_FILE, Losses, PartLosses, Survey, SurveyPart, read_survey, write_survey

BLANK = Survey(
    key="abc",
    precision="float32",
    num_layers=2,
    num_heads=2,
    num_tokens=64,
    num_sinks=4,
    recent_tokens=(2, 8),
    with_probe=True,
)
LOST = Losses(text=2.0, needle=1.5)


def test_layers_come_before_heads_and_heads_have_the_narrowest_window() -> None:
    parts = [(part.layer, part.head, part.recent_tokens) for part in BLANK.plan()]
    assert parts[:4] == [(0, None, 2), (1, None, 2), (0, None, 8), (1, None, 8)]
    assert parts[4:] == [(0, 0, 2), (0, 1, 2), (1, 0, 2), (1, 1, 2)]
    assert [part.head for part in replace(BLANK, num_heads=1).plan()] == [None] * 4


def test_work_done_counts_the_layers_that_are_run() -> None:
    """Above a narrow layer everything runs again; below it nothing does."""
    survey, work = BLANK, 2 + 2 + 2 * (2 + 1) + 2 * (2 + 1)
    assert (survey.share_done, survey.is_complete) == (0, False)
    survey = replace(survey, retrieval=((0.1, 0.2), (0.3, 0.4)))
    assert survey.share_done == pytest.approx(2 / work)
    survey = replace(survey, full=LOST, parts=(PartLosses(part=BLANK.plan()[0], losses=LOST),))
    assert survey.share_done == pytest.approx(6 / work)
    survey = replace(survey, parts=tuple(PartLosses(part=part, losses=LOST) for part in BLANK.plan()))
    assert (survey.share_done, survey.is_complete) == (1, True)


def test_without_a_survey_of_parts_retrieval_scores_are_all() -> None:
    scores_only = replace(BLANK, recent_tokens=())
    assert scores_only.plan() == [] and not scores_only.is_complete
    assert replace(scores_only, retrieval=((0.1, 0.2), (0.3, 0.4))).is_complete


def test_what_is_written_is_read(tmp_path: Path) -> None:
    survey = replace(BLANK, full=LOST, parts=(PartLosses(part=BLANK.plan()[0], losses=LOST),))
    assert read_survey(tmp_path) is None
    write_survey(tmp_path, survey)
    assert read_survey(tmp_path) == survey


def test_a_damaged_file_is_named_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / SURVEY_FILE
    write_survey(tmp_path, replace(BLANK, full=LOST, parts=(PartLosses(part=BLANK.plan()[0], losses=LOST),)))
    good = json.loads(file.read_text())
    wrong = [{"layer": 1, "head": None, "recent_tokens": 2}, {"layer": 0, "head": None, "recent_tokens": 3}]
    broken = [good | {"parts": [{"part": part, "losses": good["parts"][0]["losses"]}]} for part in wrong]
    broken += [good | {"num_layers": 10**12}, good | {"num_heads": 0}, good | {"retrieval": [[0.5]]}]
    broken += [good | {"full": None}, good | {"num_heads": "two"}, good | {"more": 1}, {"schema": "nas.survey/1"}]
    for text in [*map(json.dumps, broken), "{", "", "[" * 10_000]:
        file.write_text(text)
        with pytest.raises(StudyError, match=r"survey.json: must hold what nas search wrote there, but is damaged"):
            read_survey(tmp_path)
    file.write_text(json.dumps(good | {"schema": "nas.survey/2"}))
    with pytest.raises(StudyError, match=r"survey.json: schema: .*A newer nas wrote it"):
        read_survey(tmp_path)


def test_a_part_is_a_layer_or_one_of_its_heads() -> None:
    assert SurveyPart(layer=1, recent_tokens=4) == SurveyPart(layer=1, head=None, recent_tokens=4)


def test_a_survey_is_of_the_blank_one_that_it_was_made_from() -> None:
    survey = replace(BLANK, full=LOST, parts=(PartLosses(part=BLANK.plan()[0], losses=LOST),), precision="bfloat16")
    assert survey.is_of(BLANK)
    for other in ({"key": "x"}, {"num_layers": 3}, {"num_heads": 4}, {"recent_tokens": (2,)}, {"with_probe": False}):
        assert not survey.is_of(replace(BLANK, **other))
