"""`select`: each query chooses, by content, which earlier blocks it reads."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas.errors import PatternError
from nas.patterns.arrays import Positions
from nas.patterns.primitives.base import ComputedPrimitive, Grid, MaskPrimitive, require_int
from nas.patterns.primitives.block import Block
from nas.patterns.primitives.full import Full
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.wording import counted


@dataclass(frozen=True, slots=True)
class Select(ComputedPrimitive):
    """A query sees its own block and the earlier blocks whose mean key scores highest against it.

    Every query chooses independently. Of blocks with equal scores, the earlier one is chosen. The choice has no
    gradient; queries and keys learn through the attention to the chosen blocks.

    Args:
        block: length of a block, in tokens, 1 or more.
        blocks: earlier blocks that are chosen, 1 or more; a query with fewer sees them all.

    Source: Lu et al. 2025 (MoBA), section 2.2, whose top-k counts the own block too; Yuan et al. 2025 (NSA).
    """

    block: int
    blocks: int

    kind: ClassVar[str] = "select"
    shows_self: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_int("block", self.block, 1)
        require_int("blocks", self.blocks, 1)

    def needs(self, causal: bool, grid: Grid) -> None:
        if not causal:
            raise PatternError(
                "", "must be in a causal pattern, because select chooses among earlier blocks", "causal: false"
            )

    def label(self, causal: bool) -> str:
        return f"top{self.blocks}x{self.block}"

    def words(self, causal: bool) -> str:
        return f"own block of {counted(self.block, 'key')} and the {self.blocks:,} best earlier"

    def scaled(self, scale: Scale) -> "Select":
        return Select(scale.size("block", "block", self.block), self.blocks)

    def row_pairs(self, context: MaskContext) -> Positions:
        earlier, inside = np.divmod(np.arange(context.num_tokens, dtype=np.int64), self.block)
        return np.minimum(earlier, self.blocks) * self.block + inside + 1

    def extra_flops(self, context: MaskContext, d_head: int) -> int:
        """Block means (an addition for each feature of each key), and a score for each query and earlier block."""
        scored = int((np.arange(context.num_tokens, dtype=np.int64) // self.block).sum())
        return context.num_tokens * d_head + 2 * d_head * scored

    @property
    def projected_rows(self) -> int:
        return 0

    def certain(self) -> tuple[MaskPrimitive, ...]:
        return (Block(self.block),)

    def possible(self) -> tuple[MaskPrimitive, ...]:
        return (Full(),)
