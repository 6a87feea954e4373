"""A pattern as numbers: what a regression on patterns reads instead of the parameters that made them.

Patterns of different spaces, kinds and spellings become vectors of one length, in which patterns that let through
nearly the same are near each other. Each head is summarised once and remembered.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from nas.patterns.counting.pairs import count_row_pairs
from nas.patterns.head import HeadPattern
from nas.patterns.layer import LayerPattern
from nas.patterns.model import POSITIONS, ModelPattern
from nas.patterns.primitives import Global, LowRank, Select
from nas.patterns.primitives.support import Flags

MOST_STEPS = 128
"""Distances that reach is followed in; longer sequences take several tokens as one."""
_COMPUTED = (Select, LowRank)

Floats = NDArray[np.float32]


def feature_names(num_layers: int, num_tokens: int) -> tuple[str, ...]:
    """What the columns of `pattern_features` hold.

    `layer0.sees_4` is the share of pairs at distances 4 to 7 (names give the first distance) that are visible, mean
    over heads, and `layer0.widest_4` that of the head that sees most of them; `layer0.log2_keys` the mean over heads of
    log2 of the mean keys a query; `layer0.log2_columns` that of log2 of 1 + the keys of the first half that all later
    queries see; `layer0.reach` the share of pairs that are connected after the layer.

    Args:
        num_layers: layers of the patterns.
        num_tokens: sequence length n, in tokens.
    """
    starts = [1 << bucket for bucket in range(_num_buckets(num_tokens))]
    of_layer = [*(f"sees_{start}" for start in starts), "log2_keys", "log2_columns"]
    of_layer += [*(f"widest_{start}" for start in starts), "reach"]
    names = [f"layer{layer}.{name}" for layer in range(num_layers) for name in of_layer]
    names += [f"position.{position}" for position in POSITIONS]
    return (*names, "memory_share", *(f"{kind.kind}_heads" for kind in _COMPUTED))


def pattern_features(patterns: Sequence[ModelPattern], num_tokens: int) -> NDArray[np.float64]:
    """Patterns of one number of layers, one causality and one grid as vectors.

    What a computed primitive may choose counts as seen, but its keys are counted as the few that it reads. Random
    blocks are summarised by the draw of head 0 in layer 0, since draws of one density are alike.

    Args:
        patterns: m patterns, at least one.
        num_tokens: sequence length n, in tokens; the time of a new head grows with its square (15 ms at 1,024).

    Returns:
        shape (m, f), as `feature_names` says.

    Raises:
        PatternError: the patterns' grid does not hold `num_tokens` tokens.
    """
    return np.stack([_pattern_row(pattern, num_tokens) for pattern in patterns])


def head_features(patterns: Sequence[ModelPattern], num_tokens: int) -> NDArray[np.float64]:
    """What each head of each layer sees by itself, for where it matters which head it is.

    Args:
        patterns: m patterns of one number of layers and heads, at least one.
        num_tokens: sequence length n, in tokens.

    Returns:
        shape (m, layers * heads): log2 of the mean keys a query, head after head.

    Raises:
        PatternError: the patterns' grid does not hold `num_tokens` tokens.
    """
    return np.stack([_heads_row(pattern, num_tokens) for pattern in patterns])


@lru_cache(maxsize=1 << 14)
def _heads_row(pattern: ModelPattern, num_tokens: int) -> NDArray[np.float64]:
    """Kept, as `_pattern_row` is."""
    heads = [
        _head_summary(HeadPattern(group.attend, layer.causal, grid=layer.grid), num_tokens).counted[-2]
        for layer in pattern.layers
        for group in layer.heads
        for _ in range(group.count)
    ]
    row = np.array(heads, dtype=np.float64)
    row.setflags(write=False)
    return row


@lru_cache(maxsize=1 << 14)
def _pattern_row(pattern: ModelPattern, num_tokens: int) -> NDArray[np.float64]:
    """One pattern's features, kept: a sampler meets the same patterns in ask after ask."""
    layers = [_layer_summary(layer, num_tokens) for layer in pattern.layers]
    mean, widest, seen = (np.stack(column) for column in zip(*layers, strict=True))
    reach = _cumulative_reach(seen[None], num_tokens, pattern.causal)
    of_layers = np.concatenate([mean, widest, reach.reshape(-1, 1)], axis=1)
    row = np.concatenate([of_layers.reshape(-1), _of_model(pattern, num_tokens)], dtype=np.float64)
    row.setflags(write=False)
    return row


@lru_cache(maxsize=1 << 14)
def _layer_summary(layer: LayerPattern, num_tokens: int) -> tuple[Floats, Floats, Floats]:
    """Of all heads of a layer: the mean of what is counted, the most that one sees by bucket, and by step."""
    heads = [
        _head_summary(HeadPattern(group.attend, layer.causal, grid=layer.grid), num_tokens) for group in layer.heads
    ]
    shares = np.array([group.count / layer.num_heads for group in layer.heads], dtype=np.float32)
    counted, profile = np.stack([head.counted for head in heads]), np.stack([head.profile for head in heads])
    return shares @ counted, counted[:, :-2].max(axis=0), profile.max(axis=0)


def _of_model(pattern: ModelPattern, num_tokens: int) -> list[float]:
    memory = sum(layer.memory_tokens for layer in pattern.layers) / (pattern.num_layers * num_tokens)
    positions = [float(pattern.position == position) for position in POSITIONS]
    return [*positions, memory, *(_share_of(kind, pattern) for kind in _COMPUTED)]


def _share_of(kind: type, pattern: ModelPattern) -> float:
    """Share of the model's heads that are of a computed kind."""
    groups = [group for layer in pattern.layers for group in layer.heads]
    of_kind = sum(group.count for group in groups if isinstance(group.attend[0], kind))
    return of_kind / (pattern.num_layers * pattern.num_heads)


@dataclass(frozen=True, slots=True, eq=False)
class _HeadSummary:
    """What is read of one head.

    Args:
        counted: `sees` by bucket, log2_keys, log2_columns.
        profile: share of visible pairs by step of `_steps`.
    """

    counted: Floats
    profile: Floats


@lru_cache(maxsize=8192)
def _head_summary(head: HeadPattern, num_tokens: int) -> _HeadSummary:
    mask, stations = head.outline().mask(num_tokens).numpy(), _stations(head)
    seen = _seen_by_distance(mask, head.causal)
    passing = seen if stations == head else _seen_by_distance(stations.mask(num_tokens).numpy(), head.causal)
    pairs, distance = _pairs_by_distance(num_tokens, head.causal)
    bucket = np.frexp(np.abs(distance))[1]  # 0 for distance 0, else 1 + floor(log2(distance))
    sees = _shares(seen, pairs, bucket)[1:]
    log2_keys = np.log2(count_row_pairs(head, num_tokens).mean())
    log2_columns = np.log2(1 + _num_columns(mask, head.causal))
    profile = _shares(passing, pairs, _steps(num_tokens, head.causal))
    return _HeadSummary(np.array([*sees, log2_keys, log2_columns], dtype=np.float32), profile.astype(np.float32))


def _shares(seen: NDArray[np.int64], pairs: NDArray[np.int64], place: NDArray[np.integer]) -> NDArray[np.float64]:
    """Share of pairs that are visible, by place: numbers from 0, one for each entry of `seen` and `pairs`."""
    return np.bincount(place, seen) / np.bincount(place, pairs)


def _stations(head: HeadPattern) -> HeadPattern:
    """The head without keys that lead nowhere: the first tokens of a causal pattern see no others themselves."""
    if not head.causal:
        return head
    return replace(head, attend=tuple(primitive for primitive in head.attend if not isinstance(primitive, Global)))


def _num_columns(mask: Flags, causal: bool) -> int:
    """Keys of the first half that all queries see; towards the end of a causal pattern few queries see any key."""
    half = len(mask) // 2
    possible = len(mask) - np.arange(half) if causal else np.full(half, len(mask))
    return int((mask[:, :half].sum(axis=0) == possible).sum())


def _seen_by_distance(mask: Flags, causal: bool) -> NDArray[np.int64]:
    """Visible pairs at every distance of `_pairs_by_distance`."""
    n = len(mask)
    padded = np.zeros((n, 2 * n), dtype=np.uint8)
    padded[:, :n] = mask[:, ::-1]
    # Cutting each row one shorter moves it by one against the row above: diagonals become columns.
    diagonals = padded.reshape(-1)[: n * (2 * n - 1)].reshape(n, 2 * n - 1).sum(axis=0, dtype=np.int64)
    seen: NDArray[np.int64] = np.roll(diagonals, 1 - n)[: n if causal else 2 * n - 1]
    return seen


def _pairs_by_distance(num_tokens: int, causal: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs at every distance, and the distances, query minus key: 0 to n - 1; if not causal then 1 - n to -1."""
    distance = np.arange(num_tokens)
    if not causal:
        distance = np.concatenate([distance, np.arange(1 - num_tokens, 0)])
    return num_tokens - np.abs(distance), distance


def _steps(num_tokens: int, causal: bool) -> NDArray[np.int64]:
    """The step of every distance, negative ones counted from the end as Python's indices are."""
    _, distance = _pairs_by_distance(num_tokens, causal)
    step = np.sign(distance) * (np.abs(distance) // _tokens_in_a_step(num_tokens))
    steps: NDArray[np.int64] = np.where(step < 0, step + (2 * step.max() + 1), step)
    return steps


def _tokens_in_a_step(num_tokens: int) -> int:
    return -(-num_tokens // MOST_STEPS)


def _cumulative_reach(profiles: Floats, num_tokens: int, causal: bool) -> Floats:
    """Share of pairs that are connected after each layer, as if all queries saw alike.

    Two tokens are as connected as there are paths between them, up to 1. For windows and strides of up to MOST_STEPS
    tokens that is `nas.patterns.reach`, else near it, by convolutions instead of products of n x n matrices.

    Args:
        profiles: share of visible pairs by step, shape (m, layers, steps).

    Returns:
        shape (m, layers), 0 to 1.
    """
    in_a_step = _tokens_in_a_step(num_tokens)
    pairs = np.bincount(_steps(num_tokens, causal), _pairs_by_distance(num_tokens, causal)[0])
    num_models, num_layers, num_steps = profiles.shape
    ahead = num_steps if causal else (num_steps + 1) // 2
    size = fft.next_fast_len((2 if causal else 3) * ahead, real=True)  # what wraps around lands beyond all distances
    behind = size - (num_steps - ahead)
    wrapped = np.zeros((num_models, num_layers, size), dtype=np.float32)
    wrapped[..., :ahead], wrapped[..., behind:] = profiles[..., :ahead], profiles[..., ahead:]
    itself = np.float32(1 / in_a_step)
    wrapped[..., 0] = np.maximum(wrapped[..., 0], itself)  # the residual stream
    moves = fft.rfft(wrapped, axis=-1) * np.float32(in_a_step)
    connected = np.zeros((num_models, size), dtype=np.float32)
    connected[:, 0] = itself
    reached = np.zeros((num_models, num_layers), dtype=np.float32)
    for layer in range(num_layers):
        paths = fft.irfft(fft.rfft(connected, axis=-1) * moves[:, layer], size, axis=-1)
        paths[:, ahead:behind] = 0
        connected = np.clip(paths, 0, 1)
        shares = connected[:, :ahead] @ pairs[:ahead] + connected[:, behind:] @ pairs[ahead:]
        reached[:, layer] = shares / pairs.sum()
    return reached


def _num_buckets(num_tokens: int) -> int:
    """Buckets of distances 1, 2 to 3, 4 to 7, ... up to n - 1."""
    return (num_tokens - 1).bit_length()
