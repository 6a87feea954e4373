"""Both kinds of entries read and write the tokens that they name."""

import pytest
import torch
from torch import Tensor

from nas.attention.pieces.entries import Entries, Folded, Placed, Runs

FOLDED_IN_4 = [Folded(slice(1, 3), slice(2, 5)), Folded(slice(0, 4), torch.tensor([5, 0, 3]))]
AS_IT_STANDS = [
    Folded(slice(0, 1), slice(3, 9)),
    Folded(slice(0, 1), torch.tensor([2, 11, 7])),
    Placed(torch.tensor([0, 12]), torch.tensor([1, 2, 5])),
    Runs((slice(0, 2), slice(5, 6), slice(20, 24))),
]
CASES = [(entries, 4) for entries in FOLDED_IN_4] + [(entries, 1) for entries in AS_IT_STANDS]
ROWS = slice(1, 3)

every_kind = pytest.mark.parametrize(("entries", "step"), CASES)


def sequences() -> Tensor:
    """Three sequences of 24 tokens with two features, all different."""
    return torch.arange(3 * 24 * 2, dtype=torch.float64).view(3, 24, 2)


def folded(x: Tensor, step: int) -> Tensor:
    """Entry m of class c stands for token m * step + c."""
    return x.view(len(x), -1, step, x.shape[-1]).transpose(1, 2).clone()


def unfolded(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(1, 2)


def places(entries: Entries, step: int) -> Tensor:
    """The sequence and the token of each entry, shape (sequences * classes, entries, 2)."""
    tokens = entries.tokens(step)
    which = torch.arange(3)[ROWS]
    grid = torch.stack([which[:, None, None].expand(-1, *tokens.shape), tokens.expand(len(which), -1, -1)], dim=-1)
    return grid.flatten(0, 1)


@every_kind
def test_what_is_taken_are_the_features_of_the_tokens(entries: Entries, step: int) -> None:
    x = sequences()
    sequence, token = places(entries, step).unbind(-1)
    assert torch.equal(entries.take(folded(x, step), ROWS), x[sequence, token])


@every_kind
def test_what_is_put_is_there_and_nothing_else_changes(entries: Entries, step: int) -> None:
    x, sent = sequences(), -1.0 - torch.rand(*places(entries, step).shape[:2], 2, dtype=torch.float64)
    changed = folded(x, step)
    entries.put(changed, ROWS, sent)
    sequence, token = places(entries, step).unbind(-1)
    expected = x.clone()
    expected[sequence, token] = sent
    assert torch.equal(unfolded(changed), expected)


@every_kind
def test_what_is_added_is_added_once_for_each_entry(entries: Entries, step: int) -> None:
    x, a = sequences(), torch.rand(*places(entries, step).shape[:2], 3, dtype=torch.float64)
    b = torch.rand(len(a), 3, 2, dtype=torch.float64)
    changed = folded(x, step)
    entries.add_product(changed, ROWS, a, b, 0.5)
    sequence, token = places(entries, step).unbind(-1)
    expected = x.clone().index_put_((sequence, token), a @ b / 2, accumulate=True)
    torch.testing.assert_close(unfolded(changed), expected)


def test_an_entry_that_stands_twice_gets_both() -> None:
    x = torch.zeros(1, 1, 6, 1)
    overlapping = Placed(torch.tensor([0, 2]), torch.tensor([1, 3]))  # tokens 1, 3 and 3, 5
    overlapping.add_product(x, slice(0, 1), torch.ones(2, 2, 1), torch.ones(2, 1, 1))
    assert x.flatten().tolist() == [0, 1, 0, 2, 0, 1]
