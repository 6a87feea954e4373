"""StreamingLLM: a few sinks at the start and the recent keys."""

from dataclasses import dataclass
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.space.checks import require_numbers
from nas.space.choices import Choice, Scope, each_layer
from nas.space.needs import Needs
from nas.space.scaling import first_tokens, global_counts, window_of, window_widths
from nas.space.serving import full_layers, servable, serving_rules
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, kw_only=True)
class Streaming:
    """Sinks and window are drawn for every layer.

    Where `deployable_by` names a target with one window for the whole model, both are drawn once, and every layer has
    them or full attention.

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
        """A pattern of the shape from suggested values.

        Raises:
            InputError: the shape is not causal, or the options offer nothing that the targets of deployable_by allow.
        """
        self.needs.check("space=streaming", shape)
        if serving_rules(shape).sizes_differ:
            return each_layer(suggest, shape, lambda layer: self._layer(layer, shape, self._widths(shape)))
        n = shape.num_tokens
        narrow = servable("window_tokens", self._widths(shape), lambda width: width < n, f"a width below {n}")
        windowed = self._layer(Scope("layers", suggest), shape, narrow)
        full = (HeadGroup(shape.num_heads, (Full(),)),)
        return shape.pattern([full if whole else windowed for whole in full_layers(suggest, shape)])

    def _widths(self, shape: Shape) -> list[int]:
        return self.window_tokens or window_widths(shape)

    def _layer(self, suggest: Suggester, shape: Shape, widths: list[int]) -> tuple[HeadGroup, ...]:
        num_sinks = Choice(self._sinks(shape)).draw(suggest, "num_sinks")
        width = Choice(widths).draw(suggest, "window_tokens")
        return (HeadGroup(shape.num_heads, (window_of(width, causal=True), *first_tokens(num_sinks))),)

    def _sinks(self, shape: Shape) -> list[int]:
        offered = self.num_sinks or global_counts(shape)
        if serving_rules(shape).first_tokens:
            return offered
        return servable("num_sinks", offered, lambda count: count == 0, "0, as a target has no first tokens")
