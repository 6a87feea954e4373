"""One softmax over any cut of the keys: the order and number of parts change nothing but rounding."""

import pytest
import torch
from torch import Tensor

from nas.attention.pieces import online, tile
from nas.attention.pieces.entries import Folded
from nas.attention.pieces.plan import make_plan
from nas.attention.pieces.sequences import Sequences
from nas.attention.pieces.tile import Part, Plan, Tile
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Global, Stride, Window

N = 37
HEAD = HeadPattern((Window(5), Stride(4), Global(1)))
ONE, NONE = slice(0, 1), Part(1, ())


def sequences(memory_rows: int = 0, seed: int = 0) -> Sequences:
    generator = torch.Generator().manual_seed(seed)

    def draw(num_tokens: int, width: int) -> Tensor:
        return torch.randn(3, num_tokens, width, dtype=torch.float64, generator=generator)

    memory = draw(memory_rows, 4), draw(memory_rows, 2)
    return Sequences(draw(N, 4), draw(N, 4), draw(N, 2), *memory, torch.zeros(3, N, 0, dtype=torch.int64), 0.7)


def plan_of(head: HeadPattern) -> Plan:
    return make_plan(head, N, torch.device("cpu"), torch.float64)


def cut_at(*edges: int) -> Plan:
    """Full bidirectional attention, with the keys cut at these places."""
    stops = [*edges, N]
    tiles = [
        Tile(Folded(ONE, slice(0, N)), Folded(ONE, slice(start, stop)), N * (stop - start), None)
        for start, stop in zip([0, *edges], stops, strict=True)
    ]
    return Plan(tuple(Part(1, (one,)) for one in tiles), NONE, 0)


def reference(x: Sequences, mask: Tensor) -> tuple[Tensor, Tensor]:
    """The output and the log-sum-exp, from all scores at once; every query sees the memory."""
    keys, values = torch.cat([x.memory_keys, x.k], dim=1), torch.cat([x.memory_values, x.v], dim=1)
    hidden = torch.cat([torch.zeros(N, x.memory_keys.shape[1], dtype=torch.bool), ~mask], dim=1)
    scores = (x.scale * x.q @ keys.mT).masked_fill(hidden, -torch.inf)
    return scores.softmax(-1) @ values, scores.logsumexp(-1, keepdim=True)


def test_parts_and_memory_share_one_softmax() -> None:
    head, x = HeadPattern(HEAD.attend, memory_tokens=6), sequences(6)
    expected = reference(x, torch.from_numpy(head.mask(N)))
    for ours, theirs in zip(online.forward(plan_of(head), x), expected, strict=True):
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)


def test_where_the_keys_are_cut_does_not_matter() -> None:
    x, all_pairs = sequences(), torch.ones(N, N, dtype=torch.bool)
    for edges in ((), (1,), (20,), (3, 9, 36)):
        for ours, theirs in zip(online.forward(cut_at(*edges), x), reference(x, all_pairs), strict=True):
            assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)


def test_a_maximum_that_grows_late_rescales_what_came_before() -> None:
    x = sequences()
    x.k[:, -1] = 400 * x.q.mean(1)
    ours, _ = online.forward(cut_at(10, 20, 30), x)
    assert torch.allclose(ours, reference(x, torch.ones(N, N, dtype=torch.bool))[0], rtol=0, atol=1e-12)


def test_sequences_are_worked_on_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    x, plan = sequences(), plan_of(HEAD)
    together = online.forward(plan, x)
    monkeypatch.setattr(tile, "MOST_SCORES", 1)
    for ours, theirs in zip(online.forward(plan, x), together, strict=True):
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-14)


def test_backward_is_the_gradient_of_all_scores_at_once() -> None:
    head, x = HeadPattern(HEAD.attend, memory_tokens=6), sequences(6)
    leaves = [y.requires_grad_() for y in (x.q, x.k, x.v, x.memory_keys, x.memory_values)]
    out, lse = reference(x, torch.from_numpy(head.mask(N)))
    upstream = torch.randn(out.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = torch.autograd.grad(out, leaves, upstream)
    with torch.no_grad():
        ours = online.backward(plan_of(head), x, lse, out, upstream)
    for one, other in zip(ours, expected, strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-11)
