"""The needs of a space or a baseline: what it requires of a shape, checked before anything is sampled."""

from dataclasses import dataclass
from typing import Literal

from nas.errors import InputError
from nas.space.space import Shape

Lack = Literal["grid", "causal", "bidirectional", "context", "retrieval_heads", "sensitivity"]

_WANTED: dict[Lack, tuple[str, str, str]] = {
    "grid": ("a task with a grid", "one without", "Use task=image."),
    "causal": ("a causal task", "a bidirectional one", "Use task=text, for example."),
    "bidirectional": ("a bidirectional task", "a causal one", "Use task=text task.prediction=masked, or task=listops."),
    "retrieval_heads": (
        "a model whose retrieval heads are known",
        "a model without retrieval scores",
        "Use evaluation=checkpoint with evaluation.needle_depths.",
    ),
    "sensitivity": (
        "a model whose layers and heads have been surveyed",
        "a model without a survey",
        "Use evaluation=checkpoint with evaluation.survey_sequences of 1 or more, or space=head_split.",
    ),
    "context": ("a task that provides the previous segment", "one without", "Use task=text or task=tokens."),
}
"""What is needed, what the shape has instead, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Conditions on a shape.

    Args:
        grid: it must have a grid.
        causal: it must be causal (True) or bidirectional (False); None for either.
        context: the task must provide the segment before each sequence.
        retrieval_heads: the retrieval scores of the model's heads must be known.
        sensitivity: a survey of the model's layers and heads must be known.
    """

    grid: bool = False
    causal: bool | None = None
    context: bool = False
    retrieval_heads: bool = False
    sensitivity: bool = False

    def lack(self, shape: Shape) -> Lack | None:
        """The first thing that the shape lacks; None if it fits."""
        if self.grid and shape.grid is None:
            return "grid"
        if self.causal is not None and self.causal != shape.causal:
            return "causal" if self.causal else "bidirectional"
        if self.context and not shape.context:
            return "context"
        if self.retrieval_heads and not shape.retrieval_heads:
            return "retrieval_heads"
        return "sensitivity" if self.sensitivity and shape.sensitivity is None else None

    def check(self, where: str, shape: Shape) -> None:
        """Raise InputError, with the task to use instead, if the shape lacks something.

        Args:
            where: what has the needs, as the user wrote it (`space=cswin`).
        """
        lack = self.lack(shape)
        if lack is not None:
            wanted, got, remedy = _WANTED[lack]
            raise InputError(where, f"needs {wanted}", got, remedy)


ANYTHING = Needs()
"""Fits every shape."""
