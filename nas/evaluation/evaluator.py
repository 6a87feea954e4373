"""The contract that every way of measuring a pattern passes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from nas.evaluation.measurement import Measurement
from nas.proxy.member import Member

OnProgress = Callable[[int, int, int, float | None], None]
"""Called with (index of the member, steps done, steps in all, newest quality or None)."""


class Evaluator(Protocol):
    """Patterns in, measurements out."""

    def evaluate(
        self,
        members: Sequence[Member],
        folders: Sequence[Path] | None = None,
        on_progress: OnProgress | None = None,
    ) -> tuple[Measurement, ...]:
        """One measurement a member, in order; whatever goes wrong with a member is an outcome of its own.

        Args:
            members: what to measure.
            folders: one a member, for what may be left there by a killed call and used by the next; none to
                leave nothing.
            on_progress: told now and then how far each member is.
        """
        ...
