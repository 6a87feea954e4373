import numpy as np
import pytest

from nas.tasks.task import Batch, as_ids

IDS = as_ids(np.arange(20).reshape(5, 4))


@pytest.mark.parametrize("context", [None, IDS + 100])
def test_the_parts_of_a_batch_are_the_batch(context: np.ndarray | None) -> None:
    parts = list(Batch(IDS, IDS + 1, context).parts(2))
    assert [len(part.tokens) for part in parts] == [2, 2, 1]
    assert np.array_equal(np.concatenate([part.tokens for part in parts]), IDS)
    assert np.array_equal(np.concatenate([part.targets for part in parts]), IDS + 1)
    if context is None:
        assert all(part.context is None for part in parts)
    else:
        assert np.array_equal(np.concatenate([part.context for part in parts]), context)


def test_ids_are_contiguous_integers_of_eight_bytes() -> None:
    ids = as_ids(np.arange(12, dtype=np.uint16).reshape(3, 4)[:, ::2])
    assert ids.dtype == np.int64 and ids.flags.c_contiguous
    assert ids.tolist() == [[0, 2], [4, 6], [8, 10]]
