"""Measuring patterns by training proxies from scratch."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from nas.evaluation.checkpoints import Checkpoints
from nas.evaluation.evaluator import OnProgress
from nas.evaluation.measurement import Measurement, Outcome
from nas.evaluation.memory import free_memory, is_out_of_memory
from nas.proxy.layout import Layout
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state import CohortState
from nas.proxy.training import train
from nas.tasks.task import Task

SECONDS_BETWEEN_NEWS = 0.5


class ScratchEvaluator:
    """Trains members from their initial weights, all at once; passes `nas.evaluation.evaluator.Evaluator`.

    A cohort that does not fit into memory is halved until it does; a single member that does not fit has the
    outcome OUT_OF_MEMORY.

    Args:
        task: what is learnt.
        proxy: sizes of the model.
        training: how it is trained.
        data_seed: seed of the stream of batches.
        device: cpu, cuda or cuda:N.
        backend: how attention runs; see `nas.attention.module.attend`.
    """

    def __init__(
        self,
        task: Task,
        proxy: ProxySettings,
        training: TrainingSettings,
        *,
        data_seed: int,
        device: str,
        backend: str = "auto",
    ) -> None:
        self._task, self._proxy, self._training = task, proxy, training
        self._data_seed, self._device, self._backend = data_seed, device, backend

    def evaluate(
        self,
        members: Sequence[Member],
        folders: Sequence[Path] | None = None,
        on_progress: OnProgress | None = None,
    ) -> tuple[Measurement, ...]:
        """One measurement a member, in order; see `Evaluator.evaluate`.

        With folders, every check leaves a checkpoint there until the end, and a call that was killed goes on from
        the last one when it is made again: on a CPU with one thread it gives the same measurements to the bit, but
        for `wall_seconds`.
        """
        checkpoints = Checkpoints(members, folders, self._run()) if folders is not None else None
        try:
            state = self._train(members, checkpoints, _News(len(members), self._training.num_steps, on_progress))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            state = None
        if state is None:
            free_memory()
            if len(members) > 1:
                return self._evaluate_halves(members, folders, on_progress)
        if checkpoints is not None:
            checkpoints.clear()
        return tuple(map(_measurement, state.split())) if state is not None else (_out_of_memory(members[0]),)

    def _train(self, members: Sequence[Member], checkpoints: Checkpoints | None, news: "_News") -> CohortState:
        state = checkpoints.latest() if checkpoints is not None else None
        if state is None:
            state = CohortState.initial(members, Layout(self._proxy, self._task.vocab_size))
        news.checked(state)

        def checked(state: CohortState) -> None:
            news.checked(state)
            if checkpoints is not None and state.step < self._training.num_steps:
                checkpoints.save(state)

        return train(
            state,
            self._task,
            self._proxy,
            self._training,
            data_seed=self._data_seed,
            device=self._device,
            backend=self._backend,
            on_step=news.stepped,
            on_check=checked,
        )

    def _evaluate_halves(
        self, members: Sequence[Member], folders: Sequence[Path] | None, on_progress: OnProgress | None
    ) -> tuple[Measurement, ...]:
        """Both halves from their own checkpoints or from the start: memory runs out in the first steps, if at all."""
        half = len(members) // 2

        def second_half(member: int, step: int, num_steps: int, quality: float | None) -> None:
            if on_progress is not None:
                on_progress(member + half, step, num_steps, quality)

        return (
            *self.evaluate(members[:half], folders and folders[:half], on_progress),
            *self.evaluate(members[half:], folders and folders[half:], second_half),
        )

    def _run(self) -> str:
        """All that decides a result besides the members, as 16 hexadecimal digits."""
        settings = (self._task.fingerprint, asdict(self._proxy), asdict(self._training), self._data_seed)
        return hashlib.sha256(repr(settings).encode()).hexdigest()[:16]


class _News:
    """Tells how far a cohort is: at once after a check, otherwise seldom enough to cost nothing."""

    def __init__(self, num_members: int, num_steps: int, on_progress: OnProgress | None) -> None:
        self._num_steps, self._on_progress = num_steps, on_progress
        self._qualities: list[float | None] = [None] * num_members
        self._told = 0.0

    def checked(self, state: CohortState) -> None:
        self._qualities = [curve[-1].quality if curve else None for curve in state.curves]
        self._tell(state.step)

    def stepped(self, step: int) -> None:
        if time.monotonic() - self._told >= SECONDS_BETWEEN_NEWS:
            self._tell(step)

    def _tell(self, step: int) -> None:
        self._told = time.monotonic()
        if self._on_progress is not None:
            for index, quality in enumerate(self._qualities):
                self._on_progress(index, step, self._num_steps, quality)


def _measurement(state: CohortState) -> Measurement:
    (member,), (curve,), (wall_seconds,) = state.members, state.curves, state.wall_seconds
    finished = bool(state.alive.all())
    return Measurement(
        seed=member.seed,
        learning_rate=member.learning_rate,
        outcome=Outcome.FINISHED if finished else Outcome.DIVERGED,
        quality=curve[-1].quality if finished else None,
        curve=curve,
        wall_seconds=wall_seconds,
    )


def _out_of_memory(member: Member) -> Measurement:
    return Measurement(
        seed=member.seed,
        learning_rate=member.learning_rate,
        outcome=Outcome.OUT_OF_MEMORY,
        quality=None,
        curve=(),
        wall_seconds=0.0,
    )
