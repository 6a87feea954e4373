"""What a checkpoint bears: its least sensitive layers and heads see a window and sinks, the others everything."""

from dataclasses import dataclass
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.space.checks import require_numbers, require_shares, require_words
from nas.space.choices import Choice, heads_by_place
from nas.space.needs import Needs
from nas.space.scaling import first_tokens, global_counts, powers, window_of
from nas.space.sensitivity import ORDERS
from nas.space.space import Shape, Suggester

SHARES = (0.0, 0.125, 0.25, 0.375, 0.5, 0.75)
"""Of the heads of mixed layers that may see everything."""


@dataclass(frozen=True, kw_only=True)
class BySensitivity:
    """How many layers stay full, how many heads of the other layers do, and the keys of all other heads.

    Args:
        order: whether parts are ordered by what narrow masks on them do to text, to needles, or to both; None for all
            three, or for text alone where there are no probes.
        num_full_layers: layers that see every key, the most sensitive ones; None for every number from none to all but
            one.
        full_head_share: share of the KV heads in the other layers that see every key, the most sensitive of all these
            layers; None for 0, 1/8, 1/4, 3/8, 1/2 and 3/4.
        num_sinks: first tokens that the other heads see; None for 0, 1, 4, 16, 64, up to an eighth of n.
        recent_tokens: recent keys that they see, the query itself included; None for the powers of two times n / 64, up
            to n / 2, and 2 at least.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    order: list[str] | None = None
    num_full_layers: list[int] | None = None
    full_head_share: list[float] | None = None
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
        require_numbers("num_full_layers", self.num_full_layers, at_least=0)
        require_shares("full_head_share", self.full_head_share)
        require_numbers("num_sinks", self.num_sinks, at_least=0)
        require_numbers("recent_tokens", self.recent_tokens, at_least=1)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError without a survey."""
        self.needs.check("space=by_sensitivity", shape)
        assert shape.sensitivity is not None, "the needs include it"
        most = shape.num_layers
        orders = self.order or (ORDERS if shape.sensitivity.knows_needles else ("text",))
        order = Choice(orders).draw(suggest, "order")
        offered = [number for number in self.num_full_layers or range(most) if number <= most]
        num_full = Choice(offered).draw(suggest, "num_full_layers")
        share = Choice(self.full_head_share or SHARES).draw(suggest, "full_head_share")
        num_sinks = Choice(self.num_sinks or global_counts(shape)).draw(suggest, "num_sinks")
        recent = Choice(self.recent_tokens or _widths(shape)).draw(suggest, "recent_tokens")

        full_layers = set(shape.sensitivity.layers(order)[most - num_full :])
        of_others = [place for place in shape.sensitivity.heads(order) if place[0] not in full_layers]
        full_heads = of_others[len(of_others) - round(share * len(of_others)) :]
        streaming = (window_of(recent, causal=True), *first_tokens(num_sinks))
        mixed = heads_by_place(shape, full_heads, (Full(),), streaming)
        whole = (HeadGroup(shape.num_heads, (Full(),)),)
        return shape.pattern([whole if layer in full_layers else groups for layer, groups in enumerate(mixed)])


def _widths(shape: Shape) -> list[int]:
    n = shape.num_tokens
    return powers(2, max(2, n // 64), max(2, n // 2))
