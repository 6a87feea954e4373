from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_records_every_run_from_the_folder(nas, study: Path) -> None:
    outcome = nas("track", str(study))
    assert (outcome.code, outcome.err) == (0, "")
    num_trials = len(list(study.glob("trials/*/trial.json")))
    assert outcome.out.startswith(f"{num_trials + 1} runs recorded offline")
    assert len(list(study.glob("wandb/*run-*"))) == num_trials + 1
