"""StreamingLLM per head: every head of every layer has its own window and sinks."""

from dataclasses import dataclass
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.space.checks import require_numbers
from nas.space.choices import Choice, Scope, each_layer
from nas.space.needs import Needs
from nas.space.scaling import first_tokens, global_counts, window_of, window_widths
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, kw_only=True)
class PerHead:
    """The recent keys and the sinks are drawn for every head of every layer.

    Args:
        recent_tokens: recent keys that a head sees, the query itself included; None for the powers of four from 4 to n,
            and n, which is full attention.
        num_sinks: first tokens that it sees; None for 0, 1, 4, 16, 64, up to an eighth of n.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    recent_tokens: list[int] | None = None
    num_sinks: list[int] | None = None

    needs: ClassVar[Needs] = Needs(causal=True)
    baselines: ClassVar[tuple[str, ...]] = (
        "full",
        "retrieval_streaming",
        "streaming",
        "sliding_window",
        "local_global",
    )

    def __post_init__(self) -> None:
        require_numbers("recent_tokens", self.recent_tokens, at_least=1)
        require_numbers("num_sinks", self.num_sinks, at_least=0)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError if the shape is not causal."""
        self.needs.check("space=per_head", shape)
        recent_tokens = Choice(self.recent_tokens or sorted({*window_widths(shape, 4), shape.num_tokens}))
        num_sinks = Choice(self.num_sinks or global_counts(shape))

        def head(suggest: Suggester) -> HeadGroup:
            window = window_of(recent_tokens.draw(suggest, "recent_tokens"), causal=True)
            return HeadGroup(1, (window, *first_tokens(num_sinks.draw(suggest, "num_sinks"))))

        def layer(suggest: Suggester) -> tuple[HeadGroup, ...]:
            return tuple(head(Scope(f"head{index}", suggest)) for index in range(shape.num_heads))

        return each_layer(suggest, shape, layer)
