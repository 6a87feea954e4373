"""The comparison with shared weights, on a tiny table: what was trained is kept, and told again without training."""

from pathlib import Path

import pytest
from shared_weights import __main__ as script
from shared_weights import judgement, lab

from tests.tiny_table import pretend_table

WORDS = ["--costs", "8", "--fine-tune-steps", "4", "--short-steps", "4", "--long-runs", "2", "--study", "4"]


def test_every_way_is_trained_once_and_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "table.jsonl"
    pretend_table(table)
    monkeypatch.setattr(judgement, "RESAMPLES", 20)  # of a table of four patterns
    words = ["shared_weights", str(table), "--results", str(tmp_path / "results"), *WORDS]
    monkeypatch.setattr("sys.argv", words)
    script.main()
    told = capsys.readouterr().out
    for way in lab.WAYS:
        assert f"| {way}, 8 |" in told and f"| {way}, 8 + fine-tune of 4 |" in told
    assert "| short run of 4 |" in told and "| table's rung of 4 |" in told and "| density alone |" in told

    monkeypatch.setattr("sys.argv", [*words, "--report"])
    monkeypatch.setattr(lab, "train_supernet", None)
    script.main()
    again = capsys.readouterr().out
    assert again.strip() and told.endswith(again)
