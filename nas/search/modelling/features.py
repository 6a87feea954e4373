"""The features of a pattern: numbers that a regression reads instead of the parameters that made the pattern.

Patterns of different spaces, kinds and spellings become vectors of one length, in which patterns with nearly the same
mask are near each other.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.model import POSITIONS, ModelPattern
from nas.patterns.primitives import LowRank, Select
from nas.search.modelling.head_profile import Floats, HeadProfile, head_profile, num_buckets
from nas.search.modelling.reach_by_layer import reach_by_layer
from nas.space.sensitivity import Sensitivity

_COMPUTED = (Select, LowRank)


def feature_names(num_layers: int, num_tokens: int) -> tuple[str, ...]:
    """The names of the columns of `pattern_features`.

    `layer0.sees_4` is the share of pairs at distances 4 to 7 (names give the first distance) that are visible, mean
    over heads, and `layer0.widest_4` that of the head that sees most of them; `layer0.log2_keys` the mean over heads of
    log2 of the mean keys per query; `layer0.log2_columns` that of log2 of 1 + the keys of the first half that all later
    queries see; `layer0.reach` the share of pairs that are connected after the layer.

    Args:
        num_layers: layers of the patterns.
        num_tokens: sequence length n, in tokens.
    """
    starts = [1 << bucket for bucket in range(num_buckets(num_tokens))]
    of_layer = [*(f"sees_{start}" for start in starts), "log2_keys", "log2_columns"]
    of_layer += [*(f"widest_{start}" for start in starts), "reach"]
    names = [f"layer{layer}.{name}" for layer in range(num_layers) for name in of_layer]
    names += [f"position.{position}" for position in POSITIONS]
    return (*names, "memory_share", *(f"{kind.kind}_heads" for kind in _COMPUTED))


def pattern_features(patterns: Sequence[ModelPattern], num_tokens: int) -> NDArray[np.float64]:
    """Vectors of patterns that share their number of layers, their causality and their grid.

    What a computed primitive may choose counts as seen, but its keys are counted as the few that it reads. Random
    blocks are summarised by the draw of head 0 in layer 0, since draws of equal density are alike.

    Args:
        patterns: m patterns, at least one.
        num_tokens: sequence length n, in tokens; the time of a new head grows with its square (15 ms at 1,024).

    Returns:
        shape (m, f), in the order of `feature_names`.

    Raises:
        PatternError: the patterns' grid does not hold `num_tokens` tokens.
    """
    return np.stack([_pattern_row(pattern, num_tokens) for pattern in patterns])


def head_features(patterns: Sequence[ModelPattern], num_tokens: int) -> NDArray[np.float64]:
    """How much each head of each layer sees on its own, for models in which heads are not interchangeable.

    Args:
        patterns: m patterns of one number of layers and heads, at least one.
        num_tokens: sequence length n, in tokens.

    Returns:
        shape (m, layers * heads): log2 of the mean keys per query, head after head.

    Raises:
        PatternError: the patterns' grid does not hold `num_tokens` tokens.
    """
    return np.stack([_heads_row(pattern, num_tokens)[0] for pattern in patterns])


def local_keys(patterns: Sequence[ModelPattern], num_tokens: int) -> NDArray[np.float64]:
    """How much each head of each layer sees beside first tokens, which are no wider window.

    Args:
        patterns: m patterns of one number of layers and heads, at least one.
        num_tokens: sequence length n, in tokens.

    Returns:
        shape (m, layers * heads): mean keys per query, head after head.

    Raises:
        PatternError: the patterns' grid does not hold `num_tokens` tokens.
    """
    return 2 ** np.stack([_heads_row(pattern, num_tokens)[1] for pattern in patterns])


def predicted_effects(
    patterns: Sequence[ModelPattern], num_tokens: int, heads_per_kv: int, sensitivity: Sensitivity | None
) -> NDArray[np.float64]:
    """What a survey predicts that patterns add to full attention's losses; see `Sensitivity.effects`.

    Args:
        patterns: m patterns of a pretrained model, at least one.
        num_tokens: sequence length n, in tokens.
        heads_per_kv: query heads that share a KV head, and attend alike.
        sensitivity: what the survey says; None without one.

    Returns:
        shape (m, 2), or (m, 0) without a survey.
    """
    if sensitivity is None:
        return np.zeros((len(patterns), 0))
    return sensitivity.effects(local_keys(patterns, num_tokens)[:, ::heads_per_kv])


def pretrained_features(
    patterns: Sequence[ModelPattern], num_tokens: int, heads_per_kv: int, sensitivity: Sensitivity | None
) -> NDArray[np.float64]:
    """Vectors of patterns of a pretrained model, whose heads are not interchangeable.

    Args:
        patterns: as in `predicted_effects`.
        num_tokens: sequence length n, in tokens.
        heads_per_kv: query heads that share a KV head.
        sensitivity: what a survey says; None without one.

    Returns:
        shape (m, f): what the survey predicts, then layer by layer, then KV head by KV head.
    """
    expected = expected_columns(predicted_effects(patterns, num_tokens, heads_per_kv, sensitivity))
    of_heads = head_features(patterns, num_tokens)[:, ::heads_per_kv]
    return np.concatenate([expected, pattern_features(patterns, num_tokens), of_heads], axis=1)


def expected_columns(effects: NDArray[np.float64]) -> NDArray[np.float64]:
    """Predicted effects as features.

    A share of needles found falls as their likelihood does, and cannot fall below 0 however many nats are lost.

    Args:
        effects: bits per byte of text and nats per token of needles, shape (m, 2), or (m, 0) for no prediction.
    """
    if not effects.shape[1]:
        return effects
    text, needle = effects.T
    return np.column_stack([text, 1 - np.exp(-np.maximum(needle, 0))])


@lru_cache(maxsize=1 << 14)
def _heads_row(pattern: ModelPattern, num_tokens: int) -> NDArray[np.float64]:
    """One row of `head_features`, and log2 of one of `local_keys`, cached as `_pattern_row` is; (2, layers * heads)."""
    heads = [
        (profile.log2_keys, profile.log2_local)
        for layer in pattern.layers
        for group in layer.heads
        for profile in [_profile(group, layer, num_tokens)] * group.count
    ]
    row = np.array(heads, dtype=np.float64).T
    row.setflags(write=False)
    return row


@lru_cache(maxsize=1 << 14)
def _pattern_row(pattern: ModelPattern, num_tokens: int) -> NDArray[np.float64]:
    """One row of `pattern_features`, cached: a sampler meets the same patterns in ask after ask."""
    layers = [_layer_summary(layer, num_tokens) for layer in pattern.layers]
    mean, widest, passing = (np.stack(column) for column in zip(*layers, strict=True))
    reach = reach_by_layer(passing[None], num_tokens, pattern.causal)
    of_layers = np.concatenate([mean, widest, reach.reshape(-1, 1)], axis=1)
    row = np.concatenate([of_layers.reshape(-1), _of_model(pattern, num_tokens)], dtype=np.float64)
    row.setflags(write=False)
    return row


@lru_cache(maxsize=1 << 14)
def _layer_summary(layer: LayerPattern, num_tokens: int) -> tuple[Floats, Floats, Floats]:
    """Of all heads of a layer: the mean of sees, log2_keys and log2_columns; the most of sees; the most of passing."""
    profiles = [_profile(group, layer, num_tokens) for group in layer.heads]
    shares = np.array([group.count / layer.num_heads for group in layer.heads], dtype=np.float32)
    counted = np.stack([np.array([*each.sees, each.log2_keys, each.log2_columns]) for each in profiles])
    widest = np.stack([each.sees for each in profiles]).max(axis=0)
    return shares @ counted, widest, np.stack([each.passing for each in profiles]).max(axis=0)


def _profile(group: HeadGroup, layer: LayerPattern, num_tokens: int) -> HeadProfile:
    """The profile of a group's heads, as if they were head 0 of layer 0: draws of equal density are alike."""
    return head_profile(HeadPattern(group.attend, layer.causal, grid=layer.grid), num_tokens)


def _of_model(pattern: ModelPattern, num_tokens: int) -> list[float]:
    memory = sum(layer.memory_tokens for layer in pattern.layers) / (pattern.num_layers * num_tokens)
    positions = [float(pattern.position == position) for position in POSITIONS]
    return [*positions, memory, *(_share_of(kind, pattern) for kind in _COMPUTED)]


def _share_of(kind: type, pattern: ModelPattern) -> float:
    """Share of the model's heads that are of a computed kind."""
    groups = [group for layer in pattern.layers for group in layer.heads]
    of_kind = sum(group.count for group in groups if isinstance(group.attend[0], kind))
    return of_kind / (pattern.num_layers * pattern.num_heads)
