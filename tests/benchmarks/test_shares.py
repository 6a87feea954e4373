"""A search in which every part takes time."""

import pytest
import shares
from shares import PARTS


def test_every_part_of_a_search_is_timed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["preset=smoke", "num_trials=1", "fidelity.num_patterns=0", "training.num_steps=8", "training.num_rungs=1"]
    monkeypatch.setattr("sys.argv", ["shares.py", *words])
    shares.main()
    shown = capsys.readouterr().out
    assert all(f"| {part} |" in shown for part in PARTS)
