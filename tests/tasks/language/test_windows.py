"""Windows of a stream: aligned, and disjoint between training and validation."""

from pathlib import Path

import numpy as np
import pytest

from nas.errors import InputError
from nas.tasks.language.text import TextSettings, TextTask


def task_of(path: str, **options: float) -> TextTask:
    return TextTask(TextSettings(path=path, **({"num_tokens": 16} | options)))  # type: ignore[arg-type]


def test_validation_windows_neither_overlap_nor_lie_in_the_training_bytes(counting: str) -> None:
    data = Path(counting).read_bytes()
    task = task_of(counting, validation_share=0.1, validation_sequences=1000)
    windows = [
        bytes([*row.tolist(), target[-1].item()])
        for batch in task.validation_batches(7)
        for row, target in zip(batch.tokens, batch.targets, strict=True)
    ]
    starts = sorted(data.index(window) for window in windows)
    assert len(windows) == 4000 // 17
    assert starts[0] >= 36_000
    assert min(np.diff(starts)) >= 17
    train = [task.train_batch(step, 64, seed=0) for step in range(50)]
    assert max(data.index(bytes(row.tolist())) for batch in train for row in batch.tokens) + 17 <= 36_000


def test_validation_windows_are_spread_over_all_that_is_held_out(counting: str) -> None:
    task = task_of(counting, validation_share=0.5, validation_sequences=10)
    data = Path(counting).read_bytes()
    starts = [data.index(bytes(row.tolist())) for batch in task.validation_batches(4) for row in batch.tokens]
    assert len(starts) == 10
    assert max(np.diff([20_000, *starts, 40_000])) < 2 * 20_000 / 10


def test_training_windows_reach_every_training_byte(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(bytes(range(100)))
    task = task_of(str(tmp_path / "short"), validation_share=0.2)
    batch = task.train_batch(0, 2000, seed=0)
    assert sorted(set(batch.tokens[:, 0].tolist())) == list(range(80 - 16))
    assert batch.targets.max() == 79


def test_every_target_is_the_next_byte(counting: str) -> None:
    task = task_of(counting)
    data = Path(counting).read_bytes()
    for batch in (task.train_batch(0, 8, seed=0), next(task.validation_batches(8))):
        for row, targets in zip(batch.tokens, batch.targets, strict=True):
            start = data.index(bytes(row.tolist()))
            assert bytes(targets.tolist()) == data[start + 1 : start + 17]


def test_the_context_is_what_stands_before_and_wraps_at_the_start(counting: str) -> None:
    task = task_of(counting, validation_share=0.1)
    data = Path(counting).read_bytes()
    train, held_out = data[:36_000], data[36_000:]
    wrapped = 0
    for side, batch in ((train, task.train_batch(0, 4000, seed=0)), (held_out, next(task.validation_batches(512)))):
        assert batch.context is not None
        for row, context in zip(batch.tokens.tolist(), batch.context.tolist(), strict=True):
            start = side.index(bytes(row))
            assert bytes(context) == (side[-16:] + side)[start : start + 16] if start < 16 else side[start - 16 : start]
            wrapped += start < 16
    assert wrapped > 0


def test_longer_windows_are_cut_from_the_same_sides(counting: str) -> None:
    task = task_of(counting, validation_share=0.1)
    longer = task.longer(4)
    assert longer is not None and longer.corpus_fingerprint == task.corpus_fingerprint
    data = Path(counting).read_bytes()
    starts = [data.index(bytes(row.tolist())) for batch in longer.validation_batches(64) for row in batch.tokens]
    assert min(starts) >= 36_000 and len(starts) == 4000 // 65
    alone = task_of(counting, validation_share=0.1, num_tokens=64)
    assert longer.fingerprint == alone.fingerprint
    assert longer.train_batch(2, 3, seed=1).tokens.tolist() == alone.train_batch(2, 3, seed=1).tokens.tolist()


def test_longer_windows_than_the_held_out_bytes_are_none(counting: str) -> None:
    task = task_of(counting, validation_share=0.001)
    assert task.longer(2) is not None and task.longer(4) is None


def test_one_edited_byte_changes_the_fingerprint(counting: str) -> None:
    before = task_of(counting).fingerprint
    content = bytearray(Path(counting).read_bytes())
    content[1234] ^= 1
    Path(counting).write_bytes(content)
    assert task_of(counting).fingerprint != before


def test_too_little_text_is_an_error_that_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"x" * 1000)
    with pytest.raises(InputError, match=r"task\.path: must leave 129 tokens .* got '950 and 50 tokens of") as error:
        task_of(str(tmp_path / "short"), num_tokens=128)
    assert "lower task.num_tokens" in str(error.value)
