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
