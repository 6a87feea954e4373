"""The exam that every primitive passes: all its descriptions say what its plain definition says."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.counting.pairs import count_row_pairs
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import (
    PRIMITIVES,
    Block,
    Columns,
    Global,
    MaskPrimitive,
    Neighborhood,
    Primitive,
    Random,
    Stride,
    Stripe,
    Tile,
    Window,
)
from nas.patterns.primitives.base import LARGEST
from nas.patterns.primitives.mask_context import MaskContext
from tests.strategies import GRID_KINDS, GRIDS, LENGTHS, MASK_KINDS, kinds, primitives, quick

every_kind = pytest.mark.parametrize("kind", MASK_KINDS)


@st.composite
def sited(draw: st.DrawFn, kind: str) -> tuple[Primitive, MaskContext]:
    causal = draw(st.booleans())
    primitive = draw(kinds(causal)[kind])
    grid = draw(GRIDS) if kind in GRID_KINDS else None
    num_tokens = grid[0] * grid[1] if grid else draw(LENGTHS)
    return primitive, MaskContext(num_tokens, causal, draw(st.integers(0, 2)), draw(st.integers(0, 2)), grid)


def plain_mask(primitive: MaskPrimitive, context: MaskContext) -> np.ndarray:
    n = context.num_tokens
    return np.array([[primitive.allows(i, j, context) for j in range(n)] for i in range(n)])


def cut(mask: np.ndarray, causal: bool) -> np.ndarray:
    return np.tril(mask) if causal else mask


def test_every_kind_takes_the_exam():
    assert set(kinds(True)) == set(kinds(False)) == set(MASK_KINDS)


@every_kind
@given(data=st.data())
@quick
def test_predicate_equals_definition(kind, data):
    primitive, context = data.draw(sited(kind))
    token = np.arange(context.num_tokens)
    visible = primitive.visible(token[:, None], token[None, :], context)
    assert visible.dtype == np.bool_
    assert (visible == plain_mask(primitive, context)).all()


@every_kind
@given(data=st.data())
@quick
def test_predicate_broadcasts_like_its_arguments(kind, data):
    primitive, context = data.draw(sited(kind))
    token = np.arange(context.num_tokens)
    expected = plain_mask(primitive, context)
    assert (primitive.visible(token, token, context) == expected.diagonal()).all()
    assert primitive.visible(token[0], token[0], context).shape == ()
    assert (primitive.visible(token[None, :, None], token, context) == expected[None]).all()


@every_kind
@given(data=st.data())
@quick
def test_tensors_get_the_same_answer_as_tensors(kind, data):
    primitive, context = data.draw(sited(kind))
    token = torch.arange(context.num_tokens)
    expected = torch.from_numpy(plain_mask(primitive, context))
    assert torch.equal(primitive.visible(token[:, None], token[None, :], context), expected)
    assert primitive.visible(token[0], token[0], context).shape == ()
    assert torch.equal(primitive.visible(token[None, :, None], token, context), expected[None])


@every_kind
@given(data=st.data())
@quick
def test_support_describes_the_definition(kind, data):
    primitive, context = data.draw(sited(kind))
    n, support = context.num_tokens, primitive.support(context)
    described = np.zeros((n, n), dtype=bool)
    for i in range(n):
        for band in support.bands:
            assert 0 <= band.start[i] <= n and 0 <= band.stop[i] <= n
            described[i, band.start[i] : band.stop[i]] = True
        for box in support.boxes:
            rows, columns = context.grid
            row, column = divmod(i, columns)
            assert 0 <= box.row_start[row] <= box.row_stop[row] <= rows
            assert 0 <= box.column_start[column] <= box.column_stop[column] <= columns
            inside = np.zeros((rows, columns), dtype=bool)
            inside[box.row_start[row] : box.row_stop[row], box.column_start[column] : box.column_stop[column]] = True
            described[i] |= inside.reshape(-1)
        for steps in support.progressions:
            for j in range(n):
                described[i, j] |= (i - j) % steps.step == 0 and -steps.after <= (i - j) // steps.step <= steps.before
    if support.keys is not None:
        described[:, support.keys] = True
    if support.queries is not None:
        described[support.queries] = True
    assert (described == plain_mask(primitive, context)).all()


@every_kind
@given(data=st.data())
@quick
def test_last_query_equals_search(kind, data):
    primitive, context = data.draw(sited(kind))
    mask = plain_mask(primitive, context)
    expected = [max(np.flatnonzero(column), default=-1) for column in mask.T]
    last = primitive.last_query(context)
    assert last.dtype == np.int64 and last.tolist() == expected


@every_kind
@given(data=st.data())
@quick
def test_promises_about_self_and_span_hold(kind, data):
    primitive, context = data.draw(sited(kind))
    mask = cut(plain_mask(primitive, context), context.causal)
    if primitive.shows_self:
        assert mask.diagonal().all()
    span = primitive.span(context.causal)
    if span is not None:
        query, key = np.nonzero(mask)
        assert (query - key <= span[0]).all() and (key - query <= span[1]).all()


@every_kind
@given(data=st.data())
@quick
def test_simplified_changes_no_mask(kind, data):
    primitive, context = data.draw(sited(kind))
    mask = cut(plain_mask(primitive, context), context.causal)
    simple = primitive.simplified(context.causal)
    expected = np.zeros_like(mask) if simple is None else cut(plain_mask(simple, context), context.causal)
    assert (mask == expected).all()
    if simple is not None:
        assert simple.simplified(context.causal) == simple


@given(
    st.booleans().flatmap(lambda c: st.tuples(st.just(c), primitives(c, grid=True), primitives(c, grid=True))), GRIDS
)
@quick
def test_covers_is_never_wrong(pair, grid):
    causal, one, other = pair
    context = MaskContext(grid[0] * grid[1], causal, grid=grid)
    if one.covers(other, causal):
        assert not (cut(plain_mask(other, context), causal) & ~cut(plain_mask(one, context), causal)).any()


@pytest.mark.parametrize(
    "primitive",
    [Window(LARGEST, LARGEST), Window(LARGEST, LARGEST, LARGEST), Stride(LARGEST), Columns(LARGEST, 1), Block(LARGEST),
     Block(LARGEST, LARGEST - 1), Random(LARGEST, LARGEST, LARGEST), Global(LARGEST), Stripe("row", LARGEST),
     Tile(LARGEST, LARGEST, LARGEST - 1, LARGEST), Neighborhood(LARGEST, LARGEST)],
)  # fmt: skip
def test_the_largest_parameters_overflow_nothing(primitive):
    token = np.arange(9)
    for causal in (True, False):
        grid = (3, 3) if primitive.kind in GRID_KINDS else None
        context = MaskContext(9, causal, grid=grid)
        seen = cut(primitive.visible(token[:, None], token[None, :], context), causal)
        head = HeadPattern((primitive,), causal, grid=grid)
        assert count_row_pairs(head, 9).tolist() == seen.sum(axis=1).tolist()
        assert primitive.last_query(context).tolist() == [max(np.flatnonzero(seen[:, j]), default=-1) for j in range(9)]


def test_every_primitive_is_a_value():
    for kind, strategy in kinds(True).items():
        assert PRIMITIVES[kind].kind == kind, strategy
    assert Window(3) == Window(3, 0, 1) and hash(Window(3)) == hash(Window(3, 0, 1))
    with pytest.raises(AttributeError):
        Window(3).before = 4  # type: ignore[misc]
