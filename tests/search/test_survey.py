"""The survey of a study: kept as it is made, gone on with after a crash, and shared with the studies beside it."""

import shutil
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from nas.errors import StudyError
from nas.results.observer import Preparation
from nas.results.survey import SURVEY_FILE, Survey, read_survey, write_survey
from nas.search.problem.problem import make_problem
from nas.search.problem.to_survey import ToSurvey
from nas.search.settings import StudySettings
from nas.search.study import run_study
from nas.search.survey import survey_checkpoint
from tests.nas_process import NasProcess
from tests.search.test_checkpoint_study import SMALL, one_core, settings_for
from tests.tiny_models import save_tiny_model, written_text

__all__ = ["one_core"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> StudySettings:
    folder = tmp_path_factory.mktemp("checkpoint")
    return settings_for(save_tiny_model(folder / "model"), written_text(folder), *SMALL)


@pytest.fixture(scope="module")
def to_survey(settings: StudySettings) -> ToSurvey:
    found = make_problem(settings).backbone.to_survey
    assert found is not None
    return found


@pytest.fixture(scope="module")
def whole(settings: StudySettings, to_survey: ToSurvey, tmp_path_factory: pytest.TempPathFactory) -> Survey:
    return survey_checkpoint(settings, to_survey, tmp_path_factory.mktemp("whole") / "study", lambda _: None)


def told_of(settings: StudySettings, to_survey: ToSurvey, folder: Path) -> tuple[Survey, list[Preparation]]:
    told: list[Preparation] = []
    return survey_checkpoint(settings, to_survey, folder, told.append), told


def test_a_survey_is_kept_as_it_is_made(settings: StudySettings, to_survey: ToSurvey, tmp_path: Path) -> None:
    folder, kept = tmp_path / "runs" / "study", []
    survey = survey_checkpoint(settings, to_survey, folder, lambda _: kept.append(read_survey(folder)))
    assert kept[:2] == [None, None] and survey.is_complete and read_survey(folder) == survey
    assert [len(one.parts) for one in kept[4:] if one is not None] == list(range(1, len(survey.plan())))


def test_the_work_that_is_left_is_told(settings: StudySettings, to_survey: ToSurvey, tmp_path: Path) -> None:
    _, told = told_of(settings, to_survey, tmp_path / "study")
    shares = [one.share_done for one in told]
    assert told[0].what == "loading the checkpoint" and shares == sorted(shares) and 0.8 < shares[-1] < 1


def test_a_study_beside_it_needs_no_survey_of_its_own(
    settings: StudySettings, to_survey: ToSurvey, whole: Survey, tmp_path: Path
) -> None:
    write_survey(tmp_path / "first", replace(whole, parts=whole.parts[:2]))
    write_survey(tmp_path / "second", whole)
    survey, told = told_of(settings, to_survey, tmp_path / "study")
    assert survey == whole == read_survey(tmp_path / "study") and told == []


def test_half_a_survey_beside_it_is_gone_on_with(
    settings: StudySettings, to_survey: ToSurvey, whole: Survey, tmp_path: Path
) -> None:
    write_survey(tmp_path / "first", replace(whole, parts=whole.parts[:5]))
    survey, told = told_of(settings, to_survey, tmp_path / "study")
    assert [one.what for one in told] == [
        "loading the checkpoint",
        "measuring full attention",
        *["survey of heads"] * 3,
    ]
    assert [one.part for one in survey.parts] == [one.part for one in whole.parts]


def test_what_was_surveyed_of_something_else_is_left_alone(
    settings: StudySettings, to_survey: ToSurvey, whole: Survey, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_survey(tmp_path / "text", replace(whole, key="0" * 64))
    write_survey(tmp_path / "precision", replace(whole, precision="bfloat16"))
    write_survey(tmp_path / "damaged", whole)
    (tmp_path / "damaged" / SURVEY_FILE).write_text("{")
    (tmp_path / "link").mkdir()
    (tmp_path / "link" / SURVEY_FILE).symlink_to(shutil.copy(tmp_path / "text" / SURVEY_FILE, tmp_path / "elsewhere"))
    survey, told = told_of(settings, to_survey, tmp_path / "study")
    assert survey.key == whole.key and told[1].what == "looking for retrieval heads"
    lines = sorted(record.message for record in caplog.records)
    assert len(lines) == 2 and "damaged/survey.json: must hold" in lines[0] and "link/survey.json: must be" in lines[1]


def test_its_own_survey_must_be_whole_and_of_its_own_data(
    settings: StudySettings, to_survey: ToSurvey, whole: Survey, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_survey(tmp_path / "study", replace(whole, precision="bfloat16"))
    survey, told = told_of(settings, to_survey, tmp_path / "study")
    assert survey.precision == "bfloat16" and told == []  # the order of heads stays what it was
    write_survey(tmp_path / "study", replace(whole, key="0" * 64))
    survey, told = told_of(settings, to_survey, tmp_path / "study")
    assert survey.key == whole.key and told
    assert [record.message for record in caplog.records] == [
        f"{tmp_path}/study/survey.json is of another checkpoint or of other text, and is made again."
    ]
    (tmp_path / "study" / SURVEY_FILE).write_text("{")
    with pytest.raises(
        StudyError, match=r"study/survey.json: must hold .* delete it and run the same nas search again"
    ):
        survey_checkpoint(settings, to_survey, tmp_path / "study", lambda _: None)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_survey_killed_again_and_again_goes_on(settings: StudySettings, whole: Survey, tmp_path: Path) -> None:
    """What was kept is not measured again, and what comes out is what an undisturbed study has."""
    said = [f"checkpoint={settings.checkpoint}", f"task.path={settings.task.path}", *SMALL, "tracking=none"]  # type: ignore[union-attr]
    words = [*said, "workers=1", "device=cpu", "num_trials=0", f"runs_folder={tmp_path}", "study=killed"]
    command = ["search", "evaluation=checkpoint", *words]
    kept: Survey | None = None
    for number in (1, 3, 6):
        with closing(NasProcess(command)) as process:
            deadline = time.monotonic() + 240
            while process.poll() is None and time.monotonic() < deadline:
                found = read_survey(tmp_path / "killed")
                if found is not None and len(found.parts) >= number:
                    break
                time.sleep(0.01)
            process.kill()
            process.communicate()
            assert process.returncode == -signal.SIGKILL
        found = read_survey(tmp_path / "killed")
        assert found is not None and len(found.parts) >= number
        assert kept is None or found.parts[: len(kept.parts)] == kept.parts
        kept = found
    with closing(NasProcess(command)) as process:
        _, errors = process.communicate()
        assert process.returncode == 0, errors.decode()
    last = read_survey(tmp_path / "killed")
    assert last is not None and kept is not None and last.is_complete and last.parts[: len(kept.parts)] == kept.parts
    for one, other in zip(last.parts, whole.parts, strict=True):
        assert one.part == other.part and one.losses.text == pytest.approx(other.losses.text, abs=1e-4)


def test_a_study_uses_what_was_surveyed(settings: StudySettings, whole: Survey, tmp_path: Path) -> None:
    """The order of heads that survey.json has is the one that patterns are made with."""
    from dataclasses import replace as changed

    turned = replace(whole, retrieval=tuple(tuple(1 - score for score in row) for row in whole.retrieval))
    fronts = []
    for name, survey in (("own", whole), ("turned", turned)):
        write_survey(tmp_path / name / "earlier", survey)
        fronts.append(run_study(changed(settings, num_trials=0, runs_folder=str(tmp_path / name), study="study")))
    split = [next(one.pattern for one in front.baselines if one.baseline == "retrieval_streaming") for front in fronts]
    assert split[0].id_in_order != split[1].id_in_order


def test_another_precision_is_compared_with_float32_once(
    settings: StudySettings, whole: Survey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.pretrained.decoder.precision_on", lambda device: "bfloat16")
    to_survey = make_problem(settings).backbone.to_survey
    assert to_survey is not None and to_survey.blank.precision == "bfloat16"
    survey, told = told_of(settings, to_survey, tmp_path / "study")
    assert survey.full_in_float32 is not None and survey.full is not None and whole.full is not None
    assert survey.full_in_float32.text == pytest.approx(whole.full.text, abs=1e-5)
    assert 0 < abs(survey.full.text - whole.full.text) < 0.1
    assert told[-1].what.startswith("bfloat16 in place of float32 changes the text's loss by ")
    assert told_of(settings, to_survey, tmp_path / "study") == (survey, [])
