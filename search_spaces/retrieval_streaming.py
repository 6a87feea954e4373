"""DuoAttention: retrieval heads see everything, streaming heads sinks and recent keys."""

from dataclasses import dataclass
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.space.checks import require_heads, require_numbers
from nas.space.choices import Choice, Union, each_layer, split_heads
from nas.space.needs import Needs
from nas.space.scaling import first_tokens, global_counts, recent_widths, window_of
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, kw_only=True)
class RetrievalStreaming:
    """The number of retrieval heads is drawn for every layer, the keys of streaming heads once.

    Args:
        num_retrieval_heads: heads that see every key; None for every number from none to all.
        num_sinks: first tokens that streaming heads see; None for 0, 1, 4, 16, 64, up to an eighth of n.
        recent_tokens: recent keys that they see, the query itself included; None for the powers of two from 2 to n / 2.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    num_retrieval_heads: list[int] | None = None
    num_sinks: list[int] | None = None
    recent_tokens: list[int] | None = None

    needs: ClassVar[Needs] = Needs(causal=True)
    baselines: ClassVar[tuple[str, ...]] = ("full", "retrieval_streaming", "streaming", "parallel")

    def __post_init__(self) -> None:
        require_numbers("num_retrieval_heads", self.num_retrieval_heads, at_least=0)
        require_numbers("num_sinks", self.num_sinks, at_least=0)
        require_numbers("recent_tokens", self.recent_tokens, at_least=1)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError if the shape is not causal."""
        self.needs.check("space=retrieval_streaming", shape)
        require_heads("num_retrieval_heads", self.num_retrieval_heads, shape)
        num_sinks = Choice(self.num_sinks or global_counts(shape)).draw(suggest, "num_sinks")
        recent = Choice(self.recent_tokens or recent_widths(shape)).draw(suggest, "recent_tokens")
        offered = self.num_retrieval_heads or list(range(shape.num_heads + 1))
        streaming: Union = (window_of(recent, causal=True), *first_tokens(num_sinks))

        def layer(suggest: Suggester) -> tuple[HeadGroup, ...]:
            num_retrieval = Choice(offered).draw(suggest, "num_retrieval_heads")
            return split_heads(shape.num_heads, num_retrieval, streaming, (Full(),))

        return each_layer(suggest, shape, layer)
