"""Periodic layers: local layers, with a full layer in every period (Gemma, gpt-oss, Llama 4)."""

from dataclasses import dataclass, field
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Full, Primitive
from nas.space.checks import require_numbers, require_words
from nas.space.choices import Choice, layer_scopes
from nas.space.scaling import window_of, window_widths
from nas.space.serving import servable, size_scope
from nas.space.space import Shape, Suggester

LOCAL_KINDS = ("window", "block")
FIRST = ("local", "full")


@dataclass(frozen=True, kw_only=True)
class LocalGlobal:
    """Period, order and kind are drawn once, the width for every layer (without effect in a full layer).

    Where `deployable_by` names a target with one window for the whole model, the width is drawn once too, and chunks
    are not offered for any target.

    Args:
        period: layers in a period, one of them full; None for 2, 3, 4 and 6, as far as the model has layers.
        first: `local`, the full layer ends its period (Gemma 3: five local, one full); `full`, it starts it.
        local_kind: `window`, or `block` for chunks of the sequence (Llama 4).
        window_tokens: width of the window, or length of the chunk, in tokens; None for the powers of two from 4 to n.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    period: list[int] | None = None
    first: list[str] = field(default_factory=lambda: list(FIRST))
    local_kind: list[str] = field(default_factory=lambda: list(LOCAL_KINDS))
    window_tokens: list[int] | None = None

    baselines: ClassVar[tuple[str, ...]] = ("full", "local_global", "longformer")

    def __post_init__(self) -> None:
        require_numbers("period", self.period, at_least=1)
        require_words("first", self.first, FIRST, "order")
        require_words("local_kind", self.local_kind, LOCAL_KINDS, "kind")
        require_numbers("window_tokens", self.window_tokens, at_least=1)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values.

        Raises:
            InputError: the options offer nothing that the targets of deployable_by allow.
        """
        period = Choice(self.period or _periods(shape.num_layers)).draw(suggest, "period")
        first = Choice(self.first).draw(suggest, "first")
        kind = Choice(self._kinds(shape)).draw(suggest, "local_kind")
        place = period - 1 if first == "local" else 0
        layers = []
        for index, layer in enumerate(layer_scopes(suggest, shape)):
            widths = Choice(self.window_tokens or window_widths(shape))
            width = widths.draw(size_scope(suggest, layer, shape), "window_tokens")
            local: Primitive = Block(width) if kind == "block" else window_of(width, causal=shape.causal)
            layers.append((HeadGroup(shape.num_heads, (Full() if index % period == place else local,)),))
        return shape.pattern(layers)

    def _kinds(self, shape: Shape) -> list[str]:
        if shape.serving is None:
            return self.local_kind
        return servable("local_kind", self.local_kind, lambda kind: kind == "window", "window, as no target has chunks")


def _periods(num_layers: int) -> list[int]:
    return [period for period in (2, 3, 4, 6) if period <= max(2, num_layers)]
