"""Whether a pattern fits a pretrained decoder at all, said before anything is run."""

from nas.errors import PatternError
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import LowRank
from nas.pretrained.dimensions import Dimensions


def check_fit(pattern: ModelPattern, dimensions: Dimensions) -> None:
    """Refuse a pattern that the decoder cannot have.

    Raises:
        PatternError: other numbers of layers or heads, not causal, positions, a memory or projections for which the
            decoder has no weights, or a grid.
    """
    layers, heads = dimensions.num_layers, dimensions.num_heads
    if pattern.num_layers != layers:
        raise PatternError("layers", f"must count {layers}, as {dimensions.name} has", pattern.num_layers)
    if pattern.num_heads != heads:
        raise PatternError("layers[0].heads", f"must count {heads}, as {dimensions.name} has", pattern.num_heads)
    if not pattern.causal:
        raise PatternError("causal", "must be true for a decoder", pattern.causal)
    if pattern.position != "rope":
        allowed = "must be rope, which stands for the decoder's own positions"
        raise PatternError("position", allowed, pattern.position)
    if pattern.grid is not None:
        raise PatternError("grid", "must be null for a decoder", list(pattern.grid))
    for layer in pattern.layers:
        where = f"layers[{layer.index}]"
        if layer.memory_tokens:
            allowed = "must be 0: a decoder was not trained with a memory"
            raise PatternError(f"{where}.memory_tokens", allowed, layer.memory_tokens)
        for index, group in enumerate(layer.heads):
            if any(isinstance(primitive, LowRank) for primitive in group.attend):
                allowed = "must not be low_rank, for which a decoder has no weights"
                raise PatternError(f"{where}.heads[{index}].attend", allowed, "low_rank")
