"""`nas wandb-workspace`: what it is about, and what is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from nas.results.study import StudyReader, read_front
from nas.tracking.settings import TrackingSettings
from nas.tracking.workspace import WorkspaceContents


def test_it_is_about_the_study_and_its_parameters(nas, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved: list[tuple[WorkspaceContents, TrackingSettings]] = []

    def save(contents: WorkspaceContents, settings: TrackingSettings) -> str:
        saved.append((contents, settings))
        return "https://wandb.example/team/patterns?nw=abc"

    monkeypatch.setattr("nas.tracking.workspace.save_workspace", save)
    outcome = nas("wandb-workspace", str(study), "--project", "patterns", "--entity", "team")
    assert (outcome.code, outcome.out) == (0, "https://wandb.example/team/patterns?nw=abc\n")
    [(contents, settings)] = saved
    assert (contents.study, contents.objectives) == (study.name, read_front(study).objectives)
    known = {name for trial in StudyReader(study).trials() for name in trial.params}
    assert set(contents.parameters) == known and len(contents.parameters) == len(known) > 0
    assert (settings.mode, settings.project, settings.entity) == ("online", "patterns", "team")


def test_without_a_key_it_is_one_line(nas, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    outcome = nas("wandb-workspace", str(study))
    assert outcome.code == 2 and outcome.err.count("\n") == 1 and "WANDB_API_KEY" in outcome.err


def test_without_its_library_it_says_what_to_install(study: Path) -> None:
    program = (
        "import sys; sys.modules['wandb_workspaces'] = None\nfrom nas.cli.main import main\n"
        f"sys.exit(main(['wandb-workspace', {str(study)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "nas wandb-workspace: needs wandb-workspaces" in done.stderr
