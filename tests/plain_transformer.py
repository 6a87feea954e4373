"""The proxy written out for one member and one sequence, by the book: the oracle of the cohort's model."""

import torch
from torch import Tensor
from torch.nn import functional

from nas.patterns.model import ModelPattern
from nas.patterns.primitives import LowRank, Select
from nas.tasks.task import Readout

Weights = dict[str, Tensor]

ROPE_BASE = 10_000.0
"""As the proxy has it by default."""


def plain_transformer(
    weights: Weights, pattern: ModelPattern, tokens: Tensor, context: Tensor | None = None, readout: Readout = "each"
) -> Tensor:
    """Scores for one sequence, shape (tokens, vocabulary), or (vocabulary,) for the readout "mean"."""
    memory = None
    if context is not None:
        memory = [state.detach() for state in hidden_states(weights, pattern, context, None)]
    final = norm(hidden_states(weights, pattern, tokens, memory)[-1], weights["norm"])
    if readout == "each":
        return final @ weights["head"]
    if readout == "mean":
        return final.mean(dim=0) @ weights["head"]
    places = weights["readout.position_embedding"]
    return torch.stack(
        [functional.gelu((final[-1] + place) @ weights["readout.mlp_in"]) @ weights["head"] for place in places]
    )


def hidden_states(weights: Weights, pattern: ModelPattern, tokens: Tensor, memory: list[Tensor] | None) -> list[Tensor]:
    """What enters each layer, and at the end what leaves the last, each of shape (tokens, features)."""
    x = weights["embedding"][tokens]
    if pattern.position == "learned":
        x = x + weights["position_embedding"]
    if "token_shift" in weights:
        share = weights["token_shift"]
        x = torch.stack([(1 - share) * x[i] + share * (x[i - 1] if i else 0) for i in range(len(x))])
    states = [x]
    for layer in pattern.layers:
        old = None
        if memory is not None and layer.memory_tokens:
            old = convolved(weights, layer.index, memory[layer.index]).detach()[-layer.memory_tokens :]
        x = x + attention(weights, pattern, layer.index, convolved(weights, layer.index, x), old)
        hidden = functional.gelu(norm(x, weights[f"{layer.index}.mlp_norm"]) @ weights[f"{layer.index}.mlp_in"])
        x = x + hidden @ weights[f"{layer.index}.mlp_out"]
        states.append(x)
    return states


def convolved(weights: Weights, layer: int, x: Tensor) -> Tensor:
    if f"{layer}.convolution" not in weights:
        return x
    taps = weights[f"{layer}.convolution"]
    own = [x[i] + sum(tap * x[i - back] for back, tap in enumerate(taps) if i >= back) for i in range(len(x))]
    return torch.stack(own)


def attention(weights: Weights, pattern: ModelPattern, layer: int, x: Tensor, old: Tensor | None) -> Tensor:
    source = x if old is None else torch.cat([old, x])
    query, key, value = (norm(source, weights[f"{layer}.attention_norm"]) @ weights[f"{layer}.query_key_value"]).chunk(
        3, dim=1
    )
    num_heads, num_old = pattern.num_heads, len(source) - len(x)
    heads = []
    for index, head in enumerate(pattern.layers[layer].head_patterns()):
        q, k, v = (part.chunk(num_heads, dim=1)[index] for part in (query[num_old:], key, value))
        if isinstance(head.computed, LowRank):
            q, k = placed(pattern.position, q, k)
            of_keys, of_values = projections(weights, layer, head.computed)
            heads.append((q @ (of_keys @ k).T / q.shape[1] ** 0.5).softmax(dim=1) @ (of_values @ v))
            continue
        scores = scores_of(weights, pattern, layer, index, q, k)
        if isinstance(head.computed, Select):
            own = chosen(scores[:, num_old:], head.computed)
        else:
            own = torch.from_numpy(head.mask(len(x)))
        seen = torch.cat([torch.ones(len(x), num_old, dtype=torch.bool), own], dim=1)
        heads.append(scores.masked_fill(~seen, float("-inf")).softmax(dim=1) @ v)
    return torch.cat(heads, dim=1) @ weights[f"{layer}.attention_out"]


def scores_of(weights: Weights, pattern: ModelPattern, layer: int, head: int, q: Tensor, k: Tensor) -> Tensor:
    """Scaled scores of all pairs; the last key stands at the last query."""
    distance = torch.arange(len(q))[:, None] - torch.arange(len(q) - len(k), len(q))[None, :]
    scale, num_heads = q.shape[1] ** -0.5, pattern.num_heads
    if pattern.position == "alibi":
        return q @ k.T * scale - 2.0 ** (-8 * (head + 1) / num_heads) * distance
    if pattern.position == "relative":
        u, v = (weights[f"{layer}.{name}_bias"].chunk(num_heads)[head] for name in ("content", "position"))
        matrix = weights[f"{layer}.position_key"].chunk(num_heads, dim=1)[head]
        frequency = 10_000.0 ** -(torch.arange(0, len(matrix), 2) / len(matrix))
        angle = distance[:, :, None] * frequency
        position_keys = torch.cat([angle.sin(), angle.cos()], dim=2) @ matrix
        return ((q + u) @ k.T + torch.einsum("id,ijd->ij", q + v, position_keys)) * scale
    q, k = placed(pattern.position, q, k)
    return q @ k.T * scale


def chosen(scores: Tensor, primitive: Select) -> Tensor:
    """Which keys each query chooses, shape (queries, keys): a block's score is the mean of its keys' scores."""
    seen = torch.zeros(scores.shape, dtype=torch.bool)
    for query, row in enumerate(scores.detach()):
        starts = range(0, query - query % primitive.block, primitive.block)
        best = sorted(starts, key=lambda start: -row[start : start + primitive.block].mean().item())
        for start in (*best[: primitive.blocks], query - query % primitive.block):
            seen[query, start : start + primitive.block] = True
    return seen.tril()


def placed(position: str, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
    return (turn(q, 0), turn(k, len(q) - len(k))) if position == "rope" else (q, k)


def projections(weights: Weights, layer: int, primitive: LowRank) -> tuple[Tensor, Tensor]:
    names = {
        "heads": (f"{layer}.key_projection", f"{layer}.value_projection"),
        "key_value": (f"{layer}.projection",) * 2,
        "layers": ("projection",) * 2,
    }
    of_keys, of_values = (weights[name][: primitive.rank] for name in names[primitive.sharing])
    return of_keys, of_values


def norm(x: Tensor, gain: Tensor) -> Tensor:
    return x / (x.square().mean(dim=1, keepdim=True) + torch.finfo(x.dtype).eps).sqrt() * gain


def turn(x: Tensor, first: int) -> Tensor:
    """Rotary positions by complex numbers."""
    half = x.shape[1] // 2
    angle = torch.arange(first, first + len(x))[:, None] * ROPE_BASE ** -(torch.arange(half) / half)
    turned = torch.complex(x[:, ::2], x[:, 1::2]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([turned.real, turned.imag], dim=1)
