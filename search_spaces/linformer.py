"""Linformer: keys and values projected to a number of rows that every layer chooses."""

from dataclasses import dataclass, field
from typing import ClassVar

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import LowRank
from nas.patterns.primitives.low_rank import SHARING
from nas.space.checks import require_numbers, require_words
from nas.space.choices import Choice, each_layer
from nas.space.needs import Needs
from nas.space.scaling import rank_counts
from nas.space.space import Shape, Suggester

POSITIONS = ("learned", "rope", "none")
"""Projected rows have no position, so none is relative to another."""


@dataclass(frozen=True, kw_only=True)
class Linformer:
    """The rank is drawn for every layer, sharing and positions once.

    Args:
        rank: projected rows; None for the powers of two times n / 32, up to n / 2.
        sharing: which projections share their weights (docs/patterns.md).
        position: how positions are encoded.

    Raises:
        InputError: a list is empty, or a value is repeated or out of range.
    """

    rank: list[int] | None = None
    sharing: list[str] = field(default_factory=lambda: list(SHARING))
    position: list[str] = field(default_factory=lambda: ["learned", "rope"])

    needs: ClassVar[Needs] = Needs(causal=False)
    baselines: ClassVar[tuple[str, ...]] = ("full", "linformer", "longformer", "bigbird")

    def __post_init__(self) -> None:
        require_numbers("rank", self.rank, at_least=1)
        require_words("sharing", self.sharing, SHARING, "sharing")
        require_words("position", self.position, POSITIONS, "position")

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern of the shape from suggested values; InputError if the shape is causal."""
        self.needs.check("space=linformer", shape)
        ranks = self.rank or rank_counts(shape)
        sharing = Choice(self.sharing).draw(suggest, "sharing")
        position = Choice(self.position).draw(suggest, "position")

        def layer(suggest: Suggester) -> tuple[HeadGroup, ...]:
            return (HeadGroup(shape.num_heads, (LowRank(Choice(ranks).draw(suggest, "rank"), sharing),)),)

        return each_layer(suggest, shape, layer, position=position)
