"""BigBird: a window, global tokens and random keys, all counted in blocks."""

from dataclasses import dataclass, field
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Global, Primitive, Random
from nas.space.checks import require_numbers
from nas.space.choices import Choice, each_layer
from nas.space.scaling import powers, random_block, window_of
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, kw_only=True)
class BigBird:
    """The length of a block is drawn once, the numbers of blocks for every layer.

    Args:
        block_tokens: length of a block, in tokens; None for a 64th of n, twice and four times that.
        num_window_blocks: width of the window, in blocks, the query's own included.
        num_random_blocks: random blocks that a block of queries sees.
        num_global_blocks: blocks of global tokens: half of the tokens at the start and half at the end, in a causal
            model all at the start.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    block_tokens: list[int] | None = None
    num_window_blocks: list[int] = field(default_factory=lambda: [1, 3, 5])
    num_random_blocks: list[int] = field(default_factory=lambda: [0, 1, 3])
    num_global_blocks: list[int] = field(default_factory=lambda: [0, 1, 2])

    baselines: ClassVar[tuple[str, ...]] = ("full", "bigbird", "longformer")

    def __post_init__(self) -> None:
        require_numbers("block_tokens", self.block_tokens, at_least=1)
        require_numbers("num_window_blocks", self.num_window_blocks, at_least=1)
        require_numbers("num_random_blocks", self.num_random_blocks, at_least=0)
        require_numbers("num_global_blocks", self.num_global_blocks, at_least=0)

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values."""
        block = random_block(shape)
        tokens = Choice(self.block_tokens or powers(2, block, 4 * block)).draw(suggest, "block_tokens")
        return each_layer(suggest, shape, lambda layer: self._layer(layer, shape, tokens))

    def _layer(self, suggest: Suggester, shape: Shape, block: int) -> tuple[HeadGroup, ...]:
        num_window = Choice(self.num_window_blocks).draw(suggest, "num_window_blocks")
        num_random = Choice(self.num_random_blocks).draw(suggest, "num_random_blocks")
        num_global = block // shape.grain * Choice(self.num_global_blocks).draw(suggest, "num_global_blocks")
        union: list[Primitive] = [window_of(num_window * block, causal=shape.causal)]
        if num_global:
            at_end = 0 if shape.causal else num_global // 2
            union.append(Global(num_global - at_end, at_end))
        if num_random:
            union.append(Random(block, num_random))
        return (HeadGroup(shape.num_heads, tuple(union)),)
