"""What the driver writes into a study folder comes back as it was."""

from pathlib import Path

import pytest

from nas.errors import PatternError
from nas.results.proposal import Proposal, Suggestion
from nas.search.storage.study_folder import StudyFolder
from nas.space.baselines import BASELINES
from nas.space.space import Shape

PATTERN = BASELINES["bigbird"](Shape(num_layers=2, num_heads=4, num_tokens=64, causal=True))


def test_a_proposal_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    suggestion = Suggestion(params={"w": 3}, distributions={"w": "{}"}, attributes={"g": [1]})
    good = Proposal(suggestion=suggestion, pattern=PATTERN, flaw="", chosen={"w": 16})
    flawed = Proposal(suggestion=Suggestion(params={"w": 4}), flaw="layers[0]: no")
    folder.write_proposal(3, good)
    folder.write_proposal(4, flawed)
    assert folder.read_proposal(3) == good
    assert folder.read_proposal(4) == flawed
    assert folder.read_proposal(5) is None


def test_a_damaged_pattern_is_named(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    folder.write_proposal(0, Proposal(suggestion=Suggestion(), pattern=PATTERN, flaw=""))
    (folder.trial_path(0) / "pattern.json").write_text("{")
    with pytest.raises(PatternError, match=r"00000/pattern\.json"):
        folder.read_proposal(0)


def test_what_killed_workers_were_writing_is_removed_and_nothing_else(tmp_path: Path) -> None:
    kept = [tmp_path / "wandb/run/.log.7.tmp", tmp_path / "trials/00000/checkpoint-000000003-aa.pt"]
    left = [tmp_path / ".front.json.7.tmp", tmp_path / "trials/00000/.checkpoint-000000005-aa.pt.7.tmp"]
    for path in (*kept, *left):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    StudyFolder(tmp_path).remove_unfinished()
    assert [path for path in (*kept, *left) if path.exists()] == kept
