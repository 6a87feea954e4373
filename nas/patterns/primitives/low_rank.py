"""`low_rank`: keys and values mixed along the sequence into a few rows."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nas.errors import PatternError
from nas.patterns.arrays import Positions
from nas.patterns.primitives.base import ComputedPrimitive, Grid, MaskPrimitive, require_int
from nas.patterns.primitives.full import Full
from nas.patterns.primitives.mask_context import MaskContext
from nas.patterns.primitives.scale import Scale
from nas.patterns.primitives.wording import counted

SHARING = ("heads", "key_value", "layers")


@dataclass(frozen=True, slots=True)
class LowRank(ComputedPrimitive):
    """Keys and values are projected along the sequence to `rank` rows, which every query reads.

    The projections are weights of the model, of shape (rank, n) each: a smaller rank uses the first rows of a larger.

    Args:
        rank: projected rows, 1 or more.
        sharing: "heads": one projection of keys and one of values a layer, for all its heads; "key_value": one for
            both; "layers": one for both and for all layers (Linformer's headwise, key-value and layerwise sharing).

    Source: Wang et al. 2020 (Linformer), section 4.
    """

    rank: int
    sharing: str = "heads"

    kind: ClassVar[str] = "low_rank"
    shows_self: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_int("rank", self.rank, 1)
        if self.sharing not in SHARING:
            raise PatternError("sharing", f"must be one of {', '.join(SHARING)}", self.sharing)

    def needs(self, causal: bool, grid: Grid) -> None:
        if causal:
            allowed = "must be in a pattern with causal: false, because a row of low_rank mixes all tokens"
            raise PatternError("", allowed, "causal: true")

    def label(self, causal: bool) -> str:
        shared = {"heads": "", "key_value": ":kv", "layers": ":layers"}[self.sharing]
        return f"rank{self.rank}{shared}"

    def words(self, causal: bool) -> str:
        alike = {"heads": "", "key_value": ", alike for keys and values", "layers": ", alike in all layers"}
        return f"keys mixed into {counted(self.rank, 'row')}{alike[self.sharing]}"

    def scaled(self, scale: Scale) -> "LowRank":
        return LowRank(scale.size("rank", "rank", self.rank), self.sharing)

    def row_pairs(self, context: MaskContext) -> Positions:
        return np.full(context.num_tokens, self.rank, dtype=np.int64)

    def extra_flops(self, context: MaskContext, d_head: int) -> int:
        """Both projections: 2 * n * rank * d_head each."""
        return 4 * context.num_tokens * self.rank * d_head

    @property
    def projected_rows(self) -> int:
        return self.rank

    def certain(self) -> tuple[MaskPrimitive, ...]:
        return ()

    def possible(self) -> tuple[MaskPrimitive, ...]:
        return (Full(),)
