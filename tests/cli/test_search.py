from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from nas.results.front import Front
from nas.results.progress import read_progress
from nas.results.study import read_front
from nas.results.trial import TrialState
from nas.search import study as study_module
from tests.fronts import make_info, make_plan


def test_cfg_shows_the_settings_and_does_nothing(nas, in_tmp_path: Path) -> None:
    outcome = nas("search", "preset=smoke", "--cfg", "job", "seed=7")
    assert outcome.code == 0
    document = yaml.safe_load(outcome.out)
    assert (document["preset"], document["seed"], document["task"]["validation_sequences"]) == ("smoke", 7, 64)
    assert list(in_tmp_path.iterdir()) == []


def test_cfg_of_several_studies_is_several_documents(nas) -> None:
    documents = list(yaml.safe_load_all(nas("search", "-m", "seed=0,1", "--cfg", "job").out))
    assert [document["study"] for document in documents] == ["quick-seed-0", "quick-seed-1"]


def test_help_lists_every_key_with_its_choices(nas) -> None:
    text = nas("search", "--help").out
    for words in ("smoke", "llama-3-8b-32k", "nsga2", "activation_bytes", "proxy.d_model", "constraints.flops_ratio"):
        assert words in text


class TestRunning:
    @pytest.fixture
    def asked(self, study: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
        """Settings that studies were started with; nothing runs."""
        seen: list[Any] = []
        front = read_front(study)

        def run_study(settings: Any, observers: Any) -> Front:
            seen.append(settings)
            if settings.seed == 13:
                raise KeyboardInterrupt
            if settings.seed == 14:
                raise ZeroDivisionError("a defect")
            return replace(front, study=settings.study)

        monkeypatch.setattr(study_module, "run_study", run_study)
        monkeypatch.setattr("nas.report.front_table.print_front", lambda front: print(front.study))
        monkeypatch.setattr("nas.report.front_picture.draw_front", lambda front, path: print(path))
        monkeypatch.setattr("nas.cli.report.write_report", lambda folder, record: None)
        monkeypatch.setattr("nas.cli.report.read_record", lambda reader, argument: None)
        return seen

    def test_prints_the_front_and_what_comes_next(self, nas, asked: list[Any], study: Path) -> None:
        outcome = nas("search", "tracking=none")
        assert (outcome.code, outcome.out.splitlines()[:2]) == (0, ["quick", "runs/quick/front.png"])
        front = read_front(study)
        best = front.nearest_to_ideal(front.objectives).trial
        assert outcome.out.splitlines()[2:] == [
            "In runs/quick: front.json, front.csv, front.png, report.html",
            "Next: open runs/quick/report.html in a browser",
            f"      nas draw 'quick#{best}'",
            "      nas export quick --best knee --format flex --out chosen",
        ]

    def test_a_terminal_is_told_at_once_that_it_has_begun(
        self, nas, asked: list[Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert nas("search", "tracking=none").err == ""
        monkeypatch.setattr("sys.stderr.isatty", lambda: True)
        assert nas("search", "tracking=none").err.startswith("Loading PyTorch")
        assert nas("search", "seed=-1", "tracking=none").err.startswith("nas: error:"), "a mistake has one line"

    def test_its_command_is_kept_for_reports_unless_it_holds_a_credential(
        self, nas, asked: list[Any], study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def run_study(settings: Any, observers: Any) -> Front:
            for one in observers:
                one.study_started(make_info(folder=tmp_path), make_plan(), ())
            return read_front(study)

        monkeypatch.setattr(study_module, "run_study", run_study)
        for words, kept in (
            (("study=mine", "seed=3"), ("study=mine", "seed=3")),
            (("-m", "seed=3"), None),
            (("space.options.api_key=hunter2-hunter2",), None),
            (("task.path=https://me:hunter2@example.org/text",), None),
        ):
            assert nas("search", *words, "tracking=none").code == 0
            progress = read_progress(tmp_path)
            assert progress is not None and progress.command == (kept and (*kept, "tracking=none"))

    def test_failed_trials_are_counted_and_said_to_be_retried(
        self, nas, asked: list[Any], study: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        front = read_front(study)
        failed = replace(front, trials=front.trials | {TrialState.FAILED: 2})
        monkeypatch.setattr(study_module, "run_study", lambda *_: failed)
        line = "2 trials failed: failure.txt in their folders under runs/quick/trials says why"
        assert line in nas("search", "tracking=none").out

    def test_a_picture_that_cannot_be_drawn_is_no_failure(
        self, nas, asked: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(front: Front, path: Path) -> None:
            raise ValueError("a defect of the picture")

        monkeypatch.setattr("nas.report.front_picture.draw_front", fail)
        outcome = nas("search", "tracking=none")
        assert outcome.code == 0 and "nas export quick --best knee" in outcome.out
        assert outcome.err == "nas: runs/quick/front.png was not drawn (ValueError: a defect of the picture).\n"

    def test_a_page_that_cannot_be_written_is_no_failure(
        self, nas, asked: list[Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(folder: Path, record: Any) -> None:
            raise ValueError("a defect of the page")

        monkeypatch.setattr("nas.cli.report.write_report", fail)
        outcome = nas("search", "tracking=none")
        assert outcome.code == 0 and "nas export quick --best knee" in outcome.out
        assert outcome.err == "nas: runs/quick/report.html was not written (ValueError: a defect of the page).\n"

    def test_a_checkpoint_is_told_of_before_anything_slow_begins(self, nas, asked: list[Any]) -> None:
        """Such as importing what reads it: here nothing does."""
        told = nas("search", "evaluation=checkpoint", "checkpoint=./model", "study=mine", "tracking=none")
        assert told.out.startswith("reading the checkpoint and its text\n") and len(asked) == 1
        assert "reading" not in nas("search", "preset=smoke", "study=other", "tracking=none").out

    def test_several_studies_run_one_after_the_other(self, nas, asked: list[Any]) -> None:
        outcome = nas("search", "-m", "seed=0,1", "tracking=none")
        assert [line for line in outcome.out.splitlines() if line.startswith("quick")] == [
            "quick-seed-0",
            "quick-seed-1",
        ]
        assert [settings.seed for settings in asked] == [0, 1]

    def test_a_wrong_study_among_several_runs_none(self, nas, asked: list[Any]) -> None:
        assert nas("search", "-m", "seed=0,-1", "tracking=none").code == 2
        assert asked == []

    def test_ctrl_c_says_how_to_go_on(self, nas, asked: list[Any]) -> None:
        outcome = nas("search", "-m", "seed=13,1", "tracking=none", "study=mine")
        assert outcome.code == 130
        assert "runs/mine-seed-13" in outcome.err
        assert len(asked) == 1

    def test_a_defect_is_not_swallowed(self, nas, asked: list[Any]) -> None:
        with pytest.raises(ZeroDivisionError):
            nas("search", "seed=14", "tracking=none")
