"""What a checkpoint bears: its least sensitive layers and heads see a window and sinks, the others everything."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.space.checks import require_numbers, require_shares, require_words
from nas.space.choices import Choice, draw_streaming, heads_by_place
from nas.space.needs import Needs
from nas.space.scaling import global_counts, powers
from nas.space.sensitivity import ORDERS, Sensitivity
from nas.space.serving import servable, serving_rules
from nas.space.space import Shape, Suggester

UNITS = ("head", "layer")
"""What stays full: KV heads of the whole model, one by one, or whole layers."""
SHARES = (0.0, 1 / 16, 1 / 8, 3 / 16, 1 / 4, 3 / 8, 1 / 2, 5 / 8, 3 / 4)
"""Of the units that may stay full: closer where the cache is small."""


@dataclass(frozen=True, kw_only=True)
class BySensitivity:
    """Which heads or layers stay full, the most sensitive ones, and the keys of all others.

    Args:
        order: whether units are ordered by what narrow masks on them do to text, to needles, or to both; None for all
            three, or for text alone where there are no probes.
        unit: whether single KV heads stay full, or whole layers; None for both, or for layers alone where the model has
            one KV head a layer, or a target of deployable_by has no others.
        full_share: share of the units that see every key; None for 0, 1/16, 1/8, 3/16, 1/4, 3/8, 1/2, 5/8 and 3/4,
            as far as they leave the full layers that a target of deployable_by needs.
        num_sinks: first tokens that the others see; None for 1, 4, 16, 64, up to an eighth of n, or for 0 where a
            target of deployable_by has none.
        recent_tokens: recent keys that they see, the query itself included; None for the powers of two times n / 64, up
            to n / 2, and 2 at least.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    order: list[str] | None = None
    unit: list[str] | None = None
    full_share: list[float] | None = None
    num_sinks: list[int] | None = None
    recent_tokens: list[int] | None = None

    needs: ClassVar[Needs] = Needs(causal=True, sensitivity=True)
    baselines: ClassVar[tuple[str, ...]] = (
        "full",
        "retrieval_streaming",
        "streaming",
        "sliding_window",
        "local_global",
        "nll_layers_25",
        "nll_layers_50",
    )

    def __post_init__(self) -> None:
        require_words("order", self.order, ORDERS, "order")
        require_words("unit", self.unit, UNITS, "unit")
        require_shares("full_share", self.full_share)
        require_numbers("num_sinks", self.num_sinks, at_least=0)
        require_numbers("recent_tokens", self.recent_tokens, at_least=1)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError without a survey."""
        self.needs.check("space=by_sensitivity", shape)
        assert shape.sensitivity is not None, "the needs include it"
        order = Choice(self.order or (ORDERS if shape.sensitivity.knows_needles else ("text",))).draw(suggest, "order")
        unit = Choice(self.unit or _units(shape)).draw(suggest, "unit")
        share = Choice(_shares(self.full_share or SHARES, shape)).draw(suggest, "full_share")
        streaming = draw_streaming(suggest, self.num_sinks or _sinks(shape), self.recent_tokens or _widths(shape))
        full = _most_sensitive(shape.sensitivity, unit, order, share)
        return shape.pattern(heads_by_place(shape, full, (Full(),), streaming))


def _most_sensitive(sensitivity: Sensitivity, unit: str, order: str, share: float) -> set[tuple[int, int]]:
    """The (layer, head) of the share of units that narrow masks hurt most."""
    heads = sensitivity.heads(order)
    if unit == "head":
        return set(heads[len(heads) - round(share * len(heads)) :])
    layers = sensitivity.layers(order)
    full = layers[len(layers) - round(share * len(layers)) :]
    return {(layer, head) for layer, head in heads if layer in full}


def _units(shape: Shape) -> tuple[str, ...]:
    return UNITS if shape.num_heads > 1 and serving_rules(shape).heads_differ else ("layer",)


def _shares(offered: Sequence[float], shape: Shape) -> list[float]:
    least = serving_rules(shape).least_full
    why = f"a share that leaves {least} full layer of {shape.num_layers}"
    return servable("full_share", offered, lambda share: round(share * shape.num_layers) >= least, why)


def _sinks(shape: Shape) -> list[int]:
    return [count for count in global_counts(shape) if count] if serving_rules(shape).first_tokens else [0]


def _widths(shape: Shape) -> list[int]:
    n = shape.num_tokens
    return powers(2, max(2, n // 64), max(2, n // 2))
