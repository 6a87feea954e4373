"""Full attention for the retrieval heads of a pretrained model, streaming for all others."""

from dataclasses import dataclass
from typing import ClassVar

from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.space.checks import require_numbers
from nas.space.choices import Choice, draw_streaming, heads_by_place
from nas.space.needs import Needs
from nas.space.scaling import global_counts, recent_widths
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, kw_only=True)
class HeadSplit:
    """The number of heads in the model that see every key, best retrieval heads first, and the keys of the others.

    Args:
        num_retrieval_heads: KV heads of the whole model that see every key, in the order of their retrieval scores;
            None for every number from none to all.
        num_sinks: first tokens that the other heads see; None for 0, 1, 4, 16, 64, up to an eighth of n.
        recent_tokens: recent keys that they see, the query itself included; None for the powers of two from 2 to n / 2.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    num_retrieval_heads: list[int] | None = None
    num_sinks: list[int] | None = None
    recent_tokens: list[int] | None = None

    needs: ClassVar[Needs] = Needs(causal=True, retrieval_heads=True)
    baselines: ClassVar[tuple[str, ...]] = (
        "full",
        "retrieval_streaming",
        "streaming",
        "sliding_window",
        "local_global",
    )

    def __post_init__(self) -> None:
        require_numbers("num_retrieval_heads", self.num_retrieval_heads, at_least=0)
        require_numbers("num_sinks", self.num_sinks, at_least=0)
        require_numbers("recent_tokens", self.recent_tokens, at_least=1)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError without retrieval scores."""
        self.needs.check("space=head_split", shape)
        num_places = len(shape.retrieval_heads)
        offered = [number for number in self.num_retrieval_heads or range(num_places + 1) if number <= num_places]
        num_retrieval = Choice(offered).draw(suggest, "num_retrieval_heads")
        sinks, widths = self.num_sinks or global_counts(shape), self.recent_tokens or recent_widths(shape)
        streaming = draw_streaming(suggest, sinks, widths)
        return shape.pattern(heads_by_place(shape, shape.retrieval_heads[:num_retrieval], (Full(),), streaming))
