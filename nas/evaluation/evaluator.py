"""The contract that every way of measuring a pattern passes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from nas.proxy.state.member import Member
from nas.results.measurement import Measurement

OnProgress = Callable[[int, int, int], None]
"""Called with (index of the member, steps done, steps in all)."""


class Evaluator(Protocol):
    """Patterns in, measurements out."""

    def evaluate(
        self,
        members: Sequence[Member],
        rung: int,
        folders: Sequence[Path] | None = None,
        on_progress: OnProgress | None = None,
    ) -> tuple[Measurement, ...]:
        """One measurement a member, in order; whatever goes wrong with a member is an outcome of its own.

        Args:
            members: what to measure.
            rung: how long to train, in optimiser steps; one of `nas.proxy.training.schedule.rung_steps`.
            folders: one a member, for what is left there to go on from: to a later rung, or after a killed call;
                none to leave nothing.
            on_progress: told now and then how far each member is.
        """
        ...
