"""The comparison of samplers inside a checkpoint, on a decoder with random weights."""

from pathlib import Path

import checkpoint_search
import numpy as np
import pytest

from nas.search.executors import choose
from tests.tiny_models import save_tiny_model, written_text


def test_a_cell_has_the_mean_and_its_deviation() -> None:
    curves = [np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.0, 4.0, 5.0, 8.0])]
    assert checkpoint_search.row(curves, [1, 4]) == "2.000 ± 1.000 | 6.000 ± 2.000"


def test_a_row_for_every_space_and_sampler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, text = save_tiny_model(tmp_path / "model"), written_text(tmp_path)
    small = ["task.num_tokens=64", "task.validation_sequences=2", "evaluation.needle_sequences=1", "workers=1"]
    options = ["--seeds", "2", "--trials", "4", "--samplers", "random", "--spaces", "head_split,per_head"]
    monkeypatch.setattr(choose, "num_cores", lambda: 1)  # this process trains; threads would wait for one another
    monkeypatch.setattr("sys.argv", ["checkpoint_search.py", str(model), str(text), *small, "device=cpu", *options])
    checkpoint_search.main()
    header, _, *rows = capsys.readouterr().out.splitlines()
    assert header.count("patterns") == 4
    assert [row.split(" | ")[:2] for row in rows] == [["| head_split", "random"], ["| per_head", "random"]]
    means = [[float(cell.split(" ± ")[0]) for cell in row.strip("| ").split(" | ")[2:]] for row in rows]
    assert all(len(values) == 4 and values == sorted(values) for values in means)  # random weights may find nothing
