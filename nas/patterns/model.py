"""The pattern of a whole model: what a study samples, compares and exports."""

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from nas.errors import PatternError
from nas.patterns.arrays import Flags
from nas.patterns.canonical import canonical_layer
from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.primitives import LowRank
from nas.ranges import MOST_DRAWN_TOKENS, check_num_tokens

if TYPE_CHECKING:
    from nas.patterns.drawing.picture import PatternFigure

SCHEMA = "nas.pattern/1"
MOST_LAYERS = 512
"""Most layers: four times as many as the largest models have."""
POSITIONS = ("rope", "relative", "alibi", "learned", "none")
"""Position encodings; docs/patterns.md defines each."""


class ModelPattern:
    """What every layer and head attends to: a frozen, hashable value.

    Its one JSON form is the pattern file. It is not a dataclass, because msgspec would encode one field by field
    instead of calling `to_dict`.

    Args:
        layers: one entry per layer, MOST_LAYERS at most, with equal numbers of heads, one causality and one grid.
        position: how positions are encoded, one of POSITIONS.

    Raises:
        PatternError: the layers do not fit together, or do not fit the position encoding.
    """

    def __init__(self, layers: tuple[LayerPattern, ...], position: str = "rope") -> None:
        if not layers:
            raise PatternError("layers", "must hold at least one layer", [])
        if len(layers) > MOST_LAYERS:
            raise PatternError("layers", f"must hold at most {MOST_LAYERS} layers", len(layers))
        self._layers, self._position = layers, position
        self._check_position()
        self._check_layers()

    def _check_layers(self) -> None:
        first = self.layers[0]
        for index, layer in enumerate(self.layers):
            if layer.num_heads != first.num_heads:
                raise PatternError(
                    f"layers[{index}].heads",
                    f"must count {first.num_heads} heads, as layers[0] does",
                    layer.num_heads,
                    "Change the counts of its groups.",
                )
            if (layer.index, layer.causal, layer.grid) != (index, first.causal, first.grid):
                raise PatternError(
                    f"layers[{index}]",
                    f"must have index {index}, causal {first.causal} and grid {first.grid}",
                    (layer.index, layer.causal, layer.grid),
                    "Build the model with ModelPattern.of.",
                )

    def _check_position(self) -> None:
        if self.position not in POSITIONS:
            raise PatternError("position", f"must be one of {', '.join(POSITIONS)}", self.position)
        if self.position == "alibi" and not self.causal:
            raise PatternError("position", "must not be alibi unless the pattern is causal", self.position)
        for layer in self.layers:
            if layer.memory_tokens and self.position == "learned":
                allowed = "must be 0 with position: learned, which gives tokens of the previous segment no position"
                raise PatternError(f"layers[{layer.index}].memory_tokens", allowed, layer.memory_tokens)
            if self.position == "relative" and any(
                isinstance(primitive, LowRank) for group in layer.heads for primitive in group.attend
            ):
                allowed = "must not be relative with low_rank, whose rows have no position"
                raise PatternError("position", allowed, self.position, "Use rope, learned or none.")

    @classmethod
    def of(
        cls,
        layers: Sequence[tuple[HeadGroup, ...]],
        *,
        causal: bool = True,
        grid: tuple[int, int] | None = None,
        position: str = "rope",
        memory_tokens: Sequence[int] | None = None,
    ) -> "ModelPattern":
        """A model from the head groups of its layers.

        Args:
            layers: the head groups of each layer.
            causal: whether a query sees only keys at or before it.
            grid: rows and columns of a 2-D input, or None.
            position: one of POSITIONS.
            memory_tokens: tokens of the previous segment that queries see, one number per layer; None for 0.

        Raises:
            PatternError: the groups break the contract; the message names the layer.
        """
        memory = [0] * len(layers) if memory_tokens is None else memory_tokens
        built = []
        for index, (groups, tokens) in enumerate(zip(layers, memory, strict=True)):
            try:
                built.append(LayerPattern(groups, causal, index, grid, tokens))
            except PatternError as error:
                raise error.inside(f"layers[{index}]") from None
        return cls(tuple(built), position)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ModelPattern):
            return NotImplemented
        return (self.layers, self.position) == (other.layers, other.position)

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Kept, since whatever is cached by pattern asks for it again and again."""
        return hash((self.layers, self.position))

    def __reduce__(self) -> tuple[type["ModelPattern"], tuple[tuple[LayerPattern, ...], str]]:
        """Without what is kept: another process hashes texts in another way."""
        return ModelPattern, (self.layers, self.position)

    def __repr__(self) -> str:
        return f"ModelPattern(layers={self.layers!r}, position={self.position!r})"

    @property
    def layers(self) -> tuple[LayerPattern, ...]:
        """One entry per layer."""
        return self._layers

    @property
    def position(self) -> str:
        """How positions are encoded, one of POSITIONS."""
        return self._position

    @property
    def num_layers(self) -> int:
        """Layers in the model."""
        return len(self.layers)

    @property
    def num_heads(self) -> int:
        """Heads in each layer."""
        return self.layers[0].num_heads

    @property
    def causal(self) -> bool:
        """Whether a query sees only keys at or before it."""
        return self.layers[0].causal

    @property
    def grid(self) -> tuple[int, int] | None:
        """Rows and columns of a 2-D input, or None."""
        return self.layers[0].grid

    @cached_property
    def id(self) -> str:
        """16 hexadecimal digits: the same for all spellings of the pattern, on every machine."""
        return _digest(self.canonical())

    @cached_property
    def id_in_order(self) -> str:
        """Like `id`, but it also depends on the order of the heads."""
        return _digest(self._canonical(numbered=True))

    def canonical(self) -> "ModelPattern":
        """The form that all spellings share; its heads may be in another order."""
        return self._canonical(numbered=self.position == "alibi")

    def _canonical(self, numbered: bool) -> "ModelPattern":
        return ModelPattern(tuple(canonical_layer(layer, numbered) for layer in self.layers), self.position)

    def mask(self, layer: int, num_tokens: int) -> Flags:
        """The dense mask of one layer, without tokens of the previous segment.

        Args:
            layer: index of the layer, from 0.
            num_tokens: sequence length n, in tokens.

        Returns:
            bool array, shape (heads, queries, keys): True where attention is allowed. `torch.from_numpy` makes it a
            tensor.

        Raises:
            PatternError: `layer` or `num_tokens` is out of range, the grid does not have `num_tokens` places, or a
                head of the layer has a computed primitive.
        """
        if not isinstance(layer, int) or not 0 <= layer < self.num_layers:
            raise PatternError("layer", f"must be from 0 to {self.num_layers - 1}", layer)
        if not isinstance(num_tokens, int) or num_tokens < 1:
            raise PatternError("num_tokens", "must be 1 or more", num_tokens)
        return self.layers[layer].mask(num_tokens)

    def plot(self, num_tokens: int | None = None) -> "PatternFigure":
        """The masks as a matplotlib figure, which notebooks show and `savefig` writes; see `draw_picture`.

        Args:
            num_tokens: sequence length n that is drawn, in tokens; None for one at which the pattern tells most.

        Raises:
            InputError: `num_tokens` is out of range or does not fit the grid, or a head has too many shapes to be
                drawn at this length.
        """
        from nas.patterns.drawing.layout import telling_length
        from nas.patterns.drawing.picture import pattern_figure  # matplotlib takes as long as all other imports

        if num_tokens is not None:
            check_num_tokens(num_tokens, most=MOST_DRAWN_TOKENS)
        return pattern_figure(self, num_tokens or telling_length(self))

    def _repr_html_(self) -> str:
        """What a notebook shows: label, layers by heads, and every different mask."""
        from nas.report.notebook import pattern_html  # the one way up: a value shows itself, and only a notebook asks

        return pattern_html(self)

    def to_dict(self) -> dict[str, Any]:
        """The pattern as schema nas.pattern/1 writes it, ready for JSON."""
        return {
            "schema": SCHEMA,
            "causal": self.causal,
            "position": self.position,
            "grid": list(self.grid) if self.grid else None,
            "layers": [
                {
                    "memory_tokens": layer.memory_tokens,
                    "heads": [
                        {"count": group.count, "attend": [primitive.to_dict() for primitive in group.attend]}
                        for group in layer.heads
                    ],
                }
                for layer in self.layers
            ],
        }


def _digest(pattern: ModelPattern) -> str:
    text = json.dumps(pattern.to_dict(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
