"""The interface of a search space: a function from suggestions to a pattern of a given shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.serving import ServingRules
from nas.space.sensitivity import Sensitivity

Option = str | int | float | bool


class Suggester(Protocol):
    """Where a space gets its values from; in a study, the sampler."""

    def choice(self, name: str, options: Sequence[Option]) -> Option:
        """One of the options."""
        ...

    def integer(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """A whole number from low to high, both included."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What every pattern of a study has in common.

    Args:
        num_layers: layers of the proxy.
        num_heads: heads per layer.
        num_tokens: the sequence length that sizes are of, in tokens: the target's if there is one, else the task's.
        causal: the task's causality.
        grid: rows and columns of the task's 2-D input, or None.
        context: whether the task provides the segment before each sequence, which a memory needs.
        weighted: whether the model is pretrained, so that the order of heads matters.
        grain: how many of these tokens the trained model sees as one; smaller sizes come to nothing there.
        retrieval_heads: every (layer, head) by descending retrieval score; empty if there are no scores.
        sensitivity: what a survey says of the layers and heads of a pretrained model; None without one.
        serving: what the targets of `deployable_by` can all represent; None for no limit.
    """

    num_layers: int
    num_heads: int
    num_tokens: int
    causal: bool
    grid: tuple[int, int] | None = None
    context: bool = False
    weighted: bool = False
    grain: int = 1
    retrieval_heads: tuple[tuple[int, int], ...] = ()
    sensitivity: Sensitivity | None = None
    serving: ServingRules | None = None

    @property
    def trained_tokens(self) -> int:
        """The length that the model is trained with, in tokens."""
        return self.num_tokens // self.grain

    def identity(self, pattern: ModelPattern) -> str:
        """The id by which a study of this shape distinguishes patterns."""
        return pattern.id_in_order if self.weighted else pattern.id

    def pattern(
        self,
        layers: Sequence[tuple[HeadGroup, ...]],
        *,
        position: str = "rope",
        memory_tokens: Sequence[int] | None = None,
    ) -> ModelPattern:
        """A model from the head groups of its layers, with the shape's causality and grid.

        Raises:
            PatternError: the groups break the contract; the message names the layer.
        """
        return ModelPattern.of(
            layers, causal=self.causal, grid=self.grid, position=position, memory_tokens=memory_tokens
        )


class Space(Protocol):
    """A search space. Shipped ones are in `search_spaces/`; a user's own is a `module:attribute`.

    It may name the baselines that its studies train, as `baselines: ClassVar[tuple[str, ...]]`
    (`nas.space.baselines.baselines_for`).
    """

    def sample(self, suggest: Suggester, shape: Shape) -> ModelPattern:
        """A pattern from suggested values.

        Raises:
            PatternError: the values do not make a valid pattern; the trial counts as infeasible.
            InputError: no pattern of the space has this shape; nothing is trained.
        """
        ...
