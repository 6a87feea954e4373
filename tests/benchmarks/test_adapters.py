"""The benchmark of adapters: what it scores before and after training."""

from pathlib import Path

import adapters
import pytest

from tests.tiny_models import save_tiny_model, written_text

pytest.importorskip("peft", reason="peft is not installed; pip install '.[dev]'")


def test_full_attention_and_its_shares_are_scored_before_and_after(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, text = save_tiny_model(tmp_path / "model"), written_text(tmp_path)
    small = ["task.num_tokens=64", "task.validation_sequences=2", "evaluation.needle_sequences=1"]
    training = ["training.num_steps=4", "training.warmup_steps=1", "training.learning_rate=0.01"]
    adapters.main([str(model), f"task.path={text}", *small, *training])
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[:3] for row in rows] == [
        ["a quarter", "0.31x", "own"],
        ["a quarter", "0.31x", "4 steps"],
        ["full", "1.00x", "own"],
        ["full", "1.00x", "4 steps"],
        ["half", "0.56x", "own"],
        ["half", "0.56x", "4 steps"],
    ]
    for before, after in zip(rows[::2], rows[1::2], strict=True):
        assert float(after[3]) < float(before[3])  # bits per byte of the text that adapters learn
