"""Segment recurrence: the memory of the previous segment, the reach within a segment, and the positions."""

from dataclasses import dataclass, field
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import POSITIONS, ModelPattern
from nas.patterns.primitives import Full
from nas.space.checks import require_numbers, require_words
from nas.space.choices import Choice, layer_scopes
from nas.space.needs import Needs
from nas.space.scaling import window_of, window_widths
from nas.space.space import Shape, Suggester

KINDS = ("full", "window")
MEMORY_POSITIONS = tuple(position for position in POSITIONS if position != "learned")
"""Learned positions do not reach into the segment before."""


@dataclass(frozen=True, kw_only=True)
class TransformerXL:
    """Memory and reach are drawn for every layer, the positions once.

    Args:
        memory_tokens: visible tokens of the previous segment; None for 0, n / 4, n / 2 and n.
        kind: attention of a layer within its own segment: `full` or `window`.
        window_tokens: width of the window, in keys; None for the powers of two from 4 to n.
        position: how positions are encoded; any but `learned`.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    memory_tokens: list[int] | None = None
    kind: list[str] = field(default_factory=lambda: list(KINDS))
    window_tokens: list[int] | None = None
    position: list[str] = field(default_factory=lambda: ["relative", "rope"])

    needs: ClassVar[Needs] = Needs(causal=True, context=True)
    baselines: ClassVar[tuple[str, ...]] = ("full", "transformer_xl", "longformer")

    def __post_init__(self) -> None:
        require_numbers("memory_tokens", self.memory_tokens, at_least=0)
        require_words("kind", self.kind, KINDS, "kind")
        require_numbers("window_tokens", self.window_tokens, at_least=1)
        require_words("position", self.position, MEMORY_POSITIONS, "position")

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError if the task provides no previous segment."""
        self.needs.check("space=transformer_xl", shape)
        position = Choice(self.position).draw(suggest, "position")
        scopes = layer_scopes(suggest, shape)
        memory = self.memory_tokens or sorted({0, *(shape.num_tokens // part for part in (4, 2, 1))})
        return shape.pattern(
            [self._layer(layer, shape) for layer in scopes],
            position=position,
            memory_tokens=[Choice(memory).draw(layer, "memory_tokens") for layer in scopes],
        )

    def _layer(self, suggest: Suggester, shape: Shape) -> tuple[HeadGroup, ...]:
        kind = Choice(self.kind).draw(suggest, "kind")
        width = Choice(self.window_tokens or window_widths(shape)).draw(suggest, "window_tokens")
        return (HeadGroup(shape.num_heads, (Full() if kind == "full" else window_of(width, causal=True),)),)
