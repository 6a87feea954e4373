"""Stretching a pattern to a model of another size."""

from itertools import groupby

from nas.errors import PatternError
from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives.scale import LayerRule

LEAST_WITH_ENDS = 3
"""Layers of a pattern whose first and last ones are apart from the others."""


def stretched(pattern: ModelPattern, num_layers: int, num_heads: int, layers: LayerRule = "depth") -> ModelPattern:
    """Stretch a pattern to another number of layers and heads, each taken from its proportional place.

    Layer l of L attends as layer floor(l * P / L) of the pattern's P layers, and heads likewise, so that the
    first layer stays first and shares are kept as closely as whole numbers allow. A smaller model loses layers
    or heads. Parameters in tokens (windows, strides, blocks) are unchanged, whatever the length.

    Args:
        pattern: the pattern of a model of any size.
        num_layers: layers of the model, 1 or more.
        num_heads: heads per layer of the model, 1 or more.
        layers: depth, as above; period, where layer l attends as layer l mod P, as models do that alternate; or ends,
            where only the first attends as the first and only the last as the last, and those between share the rest.

    Raises:
        PatternError: the first and the last layer are all that the pattern has, and others should lie between.
    """
    if (num_layers, num_heads) == (pattern.num_layers, pattern.num_heads):
        return pattern
    taken = [pattern.layers[place] for place in _places(pattern.num_layers, num_layers, layers)]
    return ModelPattern.of(
        [_stretched_heads(layer, num_heads) for layer in taken],
        causal=pattern.causal,
        grid=pattern.grid,
        position=pattern.position,
        memory_tokens=[layer.memory_tokens for layer in taken],
    )


def _places(own: int, num_layers: int, rule: LayerRule) -> list[int]:
    """The layer, of its own, that each layer of the other model attends as."""
    if rule == "period":
        return [layer % own for layer in range(num_layers)]
    if rule == "depth" or num_layers == 1:
        return [layer * own // num_layers for layer in range(num_layers)]
    between = num_layers - 2
    if own < LEAST_WITH_ENDS and between:
        allowed = f"must have {LEAST_WITH_ENDS} layers or more for the rule ends, some between the first and the last"
        raise PatternError("layers", allowed, own, "Use the rule depth, or more layers (proxy.num_layers).")
    return [0, *(1 + layer * (own - 2) // between for layer in range(between)), own - 1]


def _stretched_heads(layer: LayerPattern, num_heads: int) -> tuple[HeadGroup, ...]:
    attend = [group.attend for group in layer.heads for _ in range(group.count)]
    spread = [attend[head * len(attend) // num_heads] for head in range(num_heads)]
    return tuple(HeadGroup(len(list(run)), union) for union, run in groupby(spread))
