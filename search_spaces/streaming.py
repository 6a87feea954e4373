"""StreamingLLM: a few sinks at the start and the recent keys."""

from dataclasses import dataclass
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.space.checks import require_numbers
from nas.space.choices import Choice, each_layer
from nas.space.needs import Needs
from nas.space.scaling import first_tokens, global_counts, window_of, window_widths
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, kw_only=True)
class Streaming:
    """Sinks and window are drawn for every layer.

    Args:
        num_sinks: first tokens that all queries see; None for 0, 1, 4, 16, 64, up to an eighth of n.
        window_tokens: recent keys, the query itself included; None for the powers of two from 4 to n.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    num_sinks: list[int] | None = None
    window_tokens: list[int] | None = None

    needs: ClassVar[Needs] = Needs(causal=True)
    baselines: ClassVar[tuple[str, ...]] = ("full", "streaming", "retrieval_streaming", "local_global")

    def __post_init__(self) -> None:
        require_numbers("num_sinks", self.num_sinks, at_least=0)
        require_numbers("window_tokens", self.window_tokens, at_least=1)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError if the shape is not causal."""
        self.needs.check("space=streaming", shape)
        return each_layer(suggest, shape, lambda layer: self._layer(layer, shape))

    def _layer(self, suggest: Suggester, shape: Shape) -> tuple[HeadGroup, ...]:
        num_sinks = Choice(self.num_sinks or global_counts(shape)).draw(suggest, "num_sinks")
        width = Choice(self.window_tokens or window_widths(shape)).draw(suggest, "window_tokens")
        return (HeadGroup(shape.num_heads, (window_of(width, causal=True), *first_tokens(num_sinks))),)
