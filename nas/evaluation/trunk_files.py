"""The trunk of a training run on disk: saved along the way, and resumed by a later call."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from nas.proxy.settings import TrainingSettings

SAVE_STEPS = 500
"""Optimiser steps of the trunk between two saves; a crash costs these at most, or a branch."""


class Trainee(Protocol):
    """What is trained along a trunk: a cohort, or the adapters of a decoder."""

    @property
    def step(self) -> int:
        """Optimiser steps done."""
        ...

    def any_alive(self) -> bool:
        """Whether anything is left to train."""
        ...


T = TypeVar("T", bound=Trainee)


class TrunkFiles(Generic[T]):
    """Files of the states along a trunk: one per member, in the member's own folder.

    The files of all members are written before those of the previous step are removed, so there is always a step that
    all members have.

    Args:
        folders: one per member, created when first needed; empty to keep nothing.
        decided_by: everything that decides the trunk and is not in the files; files of other trunks are passed over.
            Its `repr` must be the same in every process.
        write: writes a state to one file per member.
        read: reads the state of a step back; None if the files hold something else, and then an earlier state is read.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        decided_by: object,
        *,
        write: Callable[[T, Sequence[Path]], None],
        read: Callable[[Sequence[Path], int], T | None],
    ) -> None:
        assert len(set(folders)) == len(folders)
        self._folders, self._write, self._read = tuple(folders), write, read
        self._run = hashlib.sha256(repr(decided_by).encode()).hexdigest()[:16]

    def latest(self, until_step: int) -> T | None:
        """The newest state that all members have, at `until_step` at the latest; None if there is none."""
        kept = [self._steps(folder) for folder in self._folders]
        for step in sorted(set.intersection(*kept), reverse=True) if kept else ():
            if step <= until_step:
                state = self._read([folder / self._name(step) for folder in self._folders], step)
                if state is not None:
                    return state
        return None

    def advance(self, state: T, until_step: int, train: Callable[[T, int], T]) -> T:
        """Train on along the trunk, and save every SAVE_STEPS steps and at the end.

        Args:
            state: where to start.
            until_step: where to stop, in optimiser steps.
            train: trains a state until a step.

        Returns:
            the state there, or an earlier one if nothing was left to train.
        """
        while state.step < until_step and state.any_alive():
            state = train(state, min(state.step + SAVE_STEPS, until_step))
            self.save(state)
        return state

    def save(self, state: T) -> None:
        """Keep this state, then drop those of earlier steps.

        Another process may be on the same trunk, as with LoRA, whose tasks share their adapters. So a later state
        stays, as does what the other is writing; what killed processes left half-written, the study folder removes.
        """
        if not self._folders:
            return
        self._write(state, [folder / self._name(state.step) for folder in self._folders])
        for folder in self._folders:
            for step in self._steps(folder):
                if step < state.step:
                    (folder / self._name(step)).unlink(missing_ok=True)

    def _name(self, step: int) -> str:
        return f"checkpoint-{step:09d}-{self._run}.pt"

    def _steps(self, folder: Path) -> set[int]:
        """The steps of which a folder has a complete file."""
        parts = [path.name.split("-")[1] for path in folder.glob(f"checkpoint-*-{self._run}.pt")]
        return {int(step) for step in parts if step.isdecimal()}


def trunk_settings(training: TrainingSettings) -> Mapping[str, Any]:
    """The settings that decide a trunk; rungs and branches do not."""
    beyond = ("num_steps", "num_rungs", "rung_ratio", "cooldown_share", "test_lengths")
    return {name: value for name, value in asdict(training).items() if name not in beyond}
