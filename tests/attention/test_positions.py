"""Positions as features equal the formulas of their papers, written in loops."""

import math

import pytest
import torch
from torch import Tensor

from nas.attention import attend
from nas.attention.positions import alibi_features, alibi_slopes, relative_features, rotary_table, rotate
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full, Select, Window

HEADS = (HeadPattern((Full(),)), HeadPattern((Window(3),)), HeadPattern((Window(2, dilation=2),)))


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def softmax_of(scores: Tensor, heads: tuple[HeadPattern, ...], v: Tensor) -> Tensor:
    mask = torch.stack([torch.from_numpy(head.mask(scores.shape[-1])) for head in heads])
    return scores.masked_fill(~mask, -torch.inf).softmax(-1) @ v


def test_rotary_scores_depend_on_the_distance_alone() -> None:
    q, k = draw(1, 8), draw(1, 8, seed=1)
    table = rotary_table(40, 8, first=-20).to(torch.complex128)
    turned_q, turned_k = rotate(q.expand(40, 8), table), rotate(k.expand(40, 8), table)
    scores = turned_q @ turned_k.mT
    for distance in (0, 1, 17):
        assert torch.allclose(scores.diagonal(-distance), scores[distance, 0].expand(40 - distance), atol=1e-5)


def test_rotary_turns_each_pair_by_its_angle() -> None:
    x = draw(5, 6)
    turned = rotate(x, rotary_table(5, 6, first=-2))
    for token in range(5):
        for pair in range(3):
            angle = (token - 2) * 10_000 ** (-2 * pair / 6)
            one, two = x[token, 2 * pair : 2 * pair + 2].tolist()
            expected = [one * math.cos(angle) - two * math.sin(angle), one * math.sin(angle) + two * math.cos(angle)]
            assert turned[token, 2 * pair : 2 * pair + 2].tolist() == pytest.approx(expected, abs=1e-6)


def test_tables_with_another_start_are_parts_of_one() -> None:
    assert torch.equal(rotary_table(30, 8, first=-10)[10:], rotary_table(20, 8))


@pytest.mark.parametrize(
    ("num_heads", "exponents"),
    [
        (8, [1, 2, 3, 4, 5, 6, 7, 8]),
        (1, [8]),
        (4, [2, 4, 6, 8]),
        (12, [1, 2, 3, 4, 5, 6, 7, 8, 0.5, 1.5, 2.5, 3.5]),
        (3, [4, 8, 2]),
    ],
)
def test_slopes_are_those_of_the_paper(num_heads: int, exponents: list[float]) -> None:
    assert torch.allclose(alibi_slopes(num_heads), torch.tensor([2.0**-power for power in exponents]))


@pytest.mark.parametrize("backend", ["dense", "pieces", "flex"])
def test_alibi_features_give_the_scores_of_the_paper(backend: str) -> None:
    num_tokens, scale = 20, 0.3
    q, k, v = (draw(2, 3, num_tokens, 4, seed=seed) for seed in range(3))
    slopes = alibi_slopes(3)
    scores = scale * q @ k.mT
    for head in range(3):
        for i in range(num_tokens):
            for j in range(num_tokens):
                scores[:, head, i, j] -= slopes[head].item() * (i - j)
    queries, keys = alibi_features(q, k, slopes, scale)
    ours = attend(queries, keys, v, HEADS, backend, scale=scale)
    assert torch.allclose(ours, softmax_of(scores, HEADS, v), rtol=0, atol=1e-10)


def test_alibi_positions_are_exact_in_bfloat16() -> None:
    """What may be rounded is the slope, alike for all keys; the positions are not."""
    num_tokens, slopes = 65_536, alibi_slopes(12)[-1:]
    q = torch.zeros(1, 1, 1, 4, dtype=torch.bfloat16)
    k = torch.zeros(1, 1, num_tokens, 4, dtype=torch.bfloat16)
    queries, keys = alibi_features(q, k, slopes, 32**-0.5)
    scores = (queries.double() @ keys.double().mT)[0, 0, 0] * 32**-0.5
    assert torch.equal(scores, torch.arange(num_tokens) * scores[1])
    assert abs(scores[1] / slopes.double() - 1) < 2**-8


def test_a_memory_stands_before_the_segment() -> None:
    """A segment with a memory attends as it does behind that memory in one long sequence."""
    q, k, v = (draw(1, 2, 30, 4, seed=seed) for seed in range(3))
    late = (q[:, :, 12:], k[:, :, 12:], v[:, :, 12:])
    whole, rest = (HeadPattern((Full(),)),) * 2, (HeadPattern((Full(),), memory_tokens=12),) * 2
    slopes = alibi_slopes(2)
    queries, keys = alibi_features(q, k, slopes, 0.5)
    together = attend(queries, keys, v, whole, scale=0.5)[:, :, 12:]
    queries, keys = alibi_features(late[0], k, slopes, 0.5, first_key=-12)
    apart = attend(queries, keys[:, :, 12:], late[2], rest, scale=0.5, memory=(keys[:, :, :12], v[:, :, :12]))
    assert torch.allclose(together, apart, rtol=0, atol=1e-12)


def relative_scores(q: Tensor, k: Tensor, u: Tensor, v: Tensor, projection: Tensor, first_key: int) -> Tensor:
    """((q_i + u) . k_j + (q_i + v) . W r_{i-j}), pair by pair."""
    size = projection.shape[1]
    scores = torch.zeros(*q.shape[:3], k.shape[2], dtype=torch.float64)
    for i in range(q.shape[2]):
        for j in range(k.shape[2]):
            distance = i - (first_key + j)
            angles = [distance * 10_000 ** (-2 * pair / size) for pair in range(size // 2)]
            r = torch.tensor([math.sin(a) for a in angles] + [math.cos(a) for a in angles], dtype=torch.float64)
            for head in range(q.shape[1]):
                content = (q[:, head, i] + u[head]) @ k[:, head, j].mT
                scores[:, head, i, j] = content.diagonal() + (q[:, head, i] + v[head]) @ (r @ projection[head])
    return scores


@pytest.mark.parametrize("first_key", [0, -7])
def test_relative_features_give_the_scores_of_the_paper(first_key: int) -> None:
    q, k = draw(2, 2, 6, 4), draw(2, 2, 6 - first_key, 4, seed=1)
    u, v, projection = draw(2, 4, seed=2), draw(2, 4, seed=3), draw(2, 10, 4, seed=4)
    queries, keys = relative_features(q, k, u, v, projection, first_key)
    expected = relative_scores(q, k, u, v, projection, first_key)
    assert torch.allclose(queries @ keys.mT, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("backend", ["dense", "pieces", "flex"])
def test_every_backend_serves_relative_positions(backend: str) -> None:
    heads = (*HEADS[:2], HeadPattern((Select(4, 1),)))
    q, k, values = (draw(1, 3, 10, 4, seed=seed) for seed in range(3))
    u, v, projection = draw(3, 4, seed=3), draw(3, 4, seed=4), draw(3, 8, 4, seed=5)
    expected = softmax_of(relative_scores(q, k, u, v, projection, 0) * 0.5, HEADS, values)[:, :2]
    queries, keys = relative_features(q, k, u, v, projection)
    ours = attend(queries, keys, values, heads, backend, scale=0.5)
    assert torch.allclose(ours[:, :2], expected, rtol=0, atol=1e-10)
    assert torch.allclose(ours, attend(queries, keys, values, heads, "dense", scale=0.5), rtol=0, atol=1e-10)


def test_gradients_reach_the_biases_and_the_projection() -> None:
    q, k = draw(1, 2, 5, 4), draw(1, 2, 5, 4, seed=1)
    leaves = [x.requires_grad_() for x in (q, k, draw(2, 4, seed=2), draw(2, 4, seed=3), draw(2, 6, 4, seed=4))]

    def scores(q: Tensor, k: Tensor, content: Tensor, position: Tensor, projection: Tensor) -> Tensor:
        queries, keys = relative_features(q, k, content, position, projection)
        return queries @ keys.mT

    assert torch.autograd.gradcheck(scores, leaves)


def test_alibi_features_fill_up_to_eight_in_types_of_two_bytes() -> None:
    q, k = draw(1, 2, 3, 16), draw(1, 2, 5, 16, seed=1)
    for dtype, width in ((torch.float32, 18), (torch.bfloat16, 24), (torch.float16, 24)):
        queries, keys = alibi_features(q.to(dtype), k.to(dtype), alibi_slopes(2), 0.25)
        assert queries.shape == (1, 2, 3, width) and keys.shape == (1, 2, 5, width)
        assert not queries[..., 18:].any() and not keys[..., 18:].any()


def test_relative_features_are_rounded_once_in_bfloat16() -> None:
    """About as far from the true scores as if the sinusoids of each distance had been rounded themselves."""
    num_tokens, d, size = 512, 16, 64
    q, k, none = draw(1, 1, num_tokens, d), draw(1, 1, num_tokens, d, seed=1), torch.zeros(1, d)
    projection = draw(1, size, d, seed=2) / size**0.5
    exact, rounded = (
        relative_features(q.to(dtype), k.to(dtype), none.to(dtype), none.to(dtype), projection.to(dtype))
        for dtype in (torch.float64, torch.bfloat16)
    )
    assert {each.dtype for each in rounded} == {torch.bfloat16}
    error = (exact[0] @ exact[1].mT - rounded[0].double() @ rounded[1].double().mT).std()
    content = (q @ k.mT - q.bfloat16().double() @ k.bfloat16().double().mT).std()
    assert error < 1.55 * content
