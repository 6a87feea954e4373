"""Blocks of several sizes, to ask by which rule they go to another length; benchmarks/carry.py judges.

    nas table build tables/ladder/M-blocks.jsonl --seeds 1 --learning-rates 4e-3 space=benchmarks.block_sizes:BlockSizes preset=table task.num_tokens=256 proxy.num_layers=4 training.num_steps=4500 training.num_rungs=4 'space.options.first_half=[8,16,32]' 'space.options.second_half=[8,16,32,64]'
    nas table build tables/ladder/S-blocks.jsonl --seeds 1 --learning-rates 4e-3 space=benchmarks.block_sizes:BlockSizes preset=table

The small table has the blocks of the larger one as shares of the length and as so many tokens.
"""  # noqa: E501

from dataclasses import dataclass, field

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block
from nas.space.choices import Choice
from nas.space.space import Shape, Suggester


@dataclass(frozen=True, kw_only=True)
class BlockSizes:
    """Every query sees its own block; one size of blocks for each half of the layers.

    Args:
        first_half: sizes of blocks, in tokens.
        second_half: likewise.
    """

    first_half: list[int] = field(default_factory=lambda: [4, 8, 16, 32])
    second_half: list[int] = field(default_factory=lambda: [4, 8, 16, 32, 64])

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values."""
        chosen = [
            Choice(sizes).draw(suggest, name)
            for name, sizes in (("first_half", self.first_half), ("second_half", self.second_half))
        ]
        halves = [chosen[2 * layer >= shape.num_layers] for layer in range(shape.num_layers)]
        return shape.pattern([(HeadGroup(shape.num_heads, (Block(size),)),) for size in halves])
