"""Heads and layers of a pattern as a serving library has them, by its rules; what breaks a rule is refused."""

from nas.export.contract.heads import (
    Heads,
    Streaming,
    kv_heads,
    masked_heads,
    require_causal,
    single_group,
    streaming,
)
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Global, Window
from nas.patterns.serving import ServingRules

Placed = tuple[Heads, Streaming]
"""A head group, and what it sees."""


def served_heads(
    pattern: ModelPattern, rules: ServingRules, name: str, num_kv_heads: int | None = None
) -> tuple[tuple[Streaming, ...], ...]:
    """What every head sees, by layer.

    Args:
        pattern: any pattern.
        rules: what the library can represent.
        name: name of the format, for refusals.
        num_kv_heads: KV heads of a layer, which then stand for its heads; None for one per query head.

    Raises:
        InputError: the number of query heads is not a multiple of the number of KV heads.
        Refusal: the pattern breaks a rule.
    """
    require_causal(pattern, name)
    layers = [_placed(heads, rules, name, num_kv_heads) for heads in masked_heads(pattern, name)]
    _check_sizes([one for layer in layers for one in layer], rules, name)
    num_full = sum(all(found.before is None for _, found in layer) for layer in layers)
    if num_full < rules.least_full:
        group, _ = next(one for one in layers[-1] if one[1].before is not None)
        raise group.refuse(name, _window(group), f"at least {rules.least_full} layer must have full attention")
    return tuple(tuple(found for _, found in layer) for layer in layers)


def served_layers(pattern: ModelPattern, rules: ServingRules, name: str) -> tuple[Streaming, ...]:
    """What the heads of every layer see, which all attend alike; see `served_heads`."""
    assert not rules.heads_differ, "a layer whose heads differ has no single answer"
    return tuple(layer[0] for layer in served_heads(pattern, rules, name))


def model_window(layers: tuple[Streaming, ...]) -> Streaming:
    """The one window of a model whose windows do not differ; full attention if it has none."""
    return next((found for found in layers if found.before is not None), Streaming(0, None))


def _placed(heads: tuple[Heads, ...], rules: ServingRules, name: str, num_kv_heads: int | None) -> tuple[Placed, ...]:
    groups = kv_heads(heads, num_kv_heads, name) if rules.heads_differ else (single_group(heads, name),)
    placed = tuple((group, streaming(group, name)) for group in groups)
    for group, found in placed:
        if found.first and not rules.first_tokens:
            sinks = next(primitive for primitive in group.union if isinstance(primitive, Global))
            raise group.refuse(name, sinks, "it represents one window per layer, without first tokens")
    return placed


def _check_sizes(placed: list[Placed], rules: ServingRules, name: str) -> None:
    windowed = [one for one in placed if one[1].before is not None]
    for group, found in windowed:
        if not rules.sizes_differ and found != windowed[0][1]:
            every = "heads" if rules.heads_differ else "layers"
            shared = "one number of first tokens and one window" if rules.first_tokens else "one window"
            raise group.refuse(name, _window(group), f"all streaming {every} share {shared}")


def _window(group: Heads) -> Window:
    return next(primitive for primitive in group.union if isinstance(primitive, Window))
