import pytest

from nas.patterns.primitives.mask_context import MaskContext


def test_a_grid_has_rows_and_columns():
    row, column = MaskContext(6, causal=False, grid=(2, 3)).axes()
    assert row.tolist() == [0, 1] and column.tolist() == [0, 1, 2]
    assert MaskContext(6, causal=False, grid=(2, 3)).num_columns == 3


def test_without_a_grid_there_are_no_columns():
    """A bug, not a user's mistake: `MaskPrimitive.needs` has refused such a pattern."""
    with pytest.raises(AssertionError):
        MaskContext(6, causal=False).axes()


def test_it_can_be_looked_up():
    """Layouts of random blocks are cached by it."""
    assert len({MaskContext(6, True, 1, 2), MaskContext(6, True, layer=1, head=2), MaskContext(6, True)}) == 2
