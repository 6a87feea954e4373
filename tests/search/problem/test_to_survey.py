"""What is surveyed, and the key by which a survey is known again."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nas.evaluation.settings import CheckpointSettings
from nas.search.problem.backbone import make_backbone
from nas.search.problem.to_survey import ToSurvey
from nas.search.settings import FidelitySettings, StudySettings
from nas.tasks.language.text import TextSettings
from tests.tiny_models import save_tiny_model, written_text

Make = Callable[..., ToSurvey | None]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Make:
    folder = tmp_path_factory.mktemp("checkpoint")
    text = TextSettings(path=str(written_text(folder)), num_tokens=64, validation_sequences=4)
    settings = StudySettings(
        task=text,
        evaluation=CheckpointSettings(needle_depths=[0.5], needle_sequences=2),
        checkpoint=str(save_tiny_model(folder / "model")),
        confirm_seeds=0,
        fidelity=FidelitySettings(num_patterns=0),
        device="cpu",
    )

    def make(task: dict[str, Any] | None = None, **evaluation: Any) -> ToSurvey | None:
        changed = replace(settings.evaluation, **evaluation)
        return make_backbone(replace(settings, task=replace(text, **(task or {})), evaluation=changed)).to_survey

    return make


def test_what_decides_a_survey_is_in_its_key(made: Make) -> None:
    first = made()
    assert first is not None and first.blank.precision == "float32"
    assert (first.blank.num_layers, first.blank.num_heads, first.blank.recent_tokens) == (2, 2, (2, 8))
    others = [
        made(survey_sequences=2),
        made(needle_depths=[0.25]),
        made(needle_depths=[]),
        made({"num_tokens": 128}),
        made({"validation_share": 0.3}),
    ]
    keys = [one.blank.key for one in (first, *others) if one is not None]
    assert len(set(keys)) == len(keys) == 6


def test_more_windows_to_score_need_no_other_survey(made: Make) -> None:
    first, wider = made(), made({"validation_sequences": 6})
    assert first is not None and wider is not None and first.blank == wider.blank


def test_nothing_is_surveyed_where_nothing_is_asked(made: Make) -> None:
    assert made(survey_sequences=0, needle_depths=[]) is None
    scores_only = made(survey_sequences=0)
    assert scores_only is not None and scores_only.blank.plan() == []


def test_before_the_survey_no_head_retrieves_more_than_another(made: Make) -> None:
    first = made()
    assert first is not None and first.unmeasured.retrieval == ((0.0, 0.0), (0.0, 0.0))
