"""Stretching a pattern to a model of another size."""

from itertools import groupby

from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives.scale import LayerRule


def stretched(pattern: ModelPattern, num_layers: int, num_heads: int, layers: LayerRule = "depth") -> ModelPattern:
    """Stretch a pattern to another number of layers and heads, each taken from its proportional place.

    Layer l of L attends as layer floor(l * P / L) of the pattern's P layers, and heads likewise, so that the
    first layer stays first and shares are kept as closely as whole numbers allow. A smaller model loses layers
    or heads. Parameters in tokens (windows, strides, blocks) are unchanged, whatever the length.

    Args:
        pattern: the pattern of a model of any size.
        num_layers: layers of the model, 1 or more.
        num_heads: heads per layer of the model, 1 or more.
        layers: depth, as above; or period, where layer l attends as layer l mod P, as models do that alternate.
    """
    if (num_layers, num_heads) == (pattern.num_layers, pattern.num_heads):
        return pattern
    own = pattern.num_layers
    places = [layer % own if layers == "period" else layer * own // num_layers for layer in range(num_layers)]
    taken = [pattern.layers[place] for place in places]
    return ModelPattern.of(
        [_stretched_heads(layer, num_heads) for layer in taken],
        causal=pattern.causal,
        grid=pattern.grid,
        position=pattern.position,
        memory_tokens=[layer.memory_tokens for layer in taken],
    )


def _stretched_heads(layer: LayerPattern, num_heads: int) -> tuple[HeadGroup, ...]:
    attend = [group.attend for group in layer.heads for _ in range(group.count)]
    spread = [attend[head * len(attend) // num_heads] for head in range(num_heads)]
    return tuple(HeadGroup(len(list(run)), union) for union, run in groupby(spread))
