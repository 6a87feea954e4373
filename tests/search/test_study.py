"""One study as a user runs it: which folders it may resume, and which it refuses."""

from pathlib import Path

import pytest

from nas.errors import StudyError
from nas.files import write_json
from nas.search.settings import StudySettings
from nas.search.storage.study_folder import StudyFolder
from nas.search.study import run_study
from nas.tasks.synthetic.recall import RecallSettings


def test_trials_without_their_settings_are_not_mixed_with_others(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path / "orphan")
    write_json(folder.trial_path(0) / "ask.json", {})
    with pytest.raises(StudyError, match=r"has trials but no config\.yaml"):
        task = RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2)
        run_study(StudySettings(study=f"{tmp_path}/orphan", task=task, device="cpu", workers=1))
