"""Measuring patterns by training proxies from scratch."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nas.evaluation.cohort_files import Checkpoints
from nas.evaluation.evaluator import OnProgress
from nas.evaluation.longer import longer_qualities
from nas.evaluation.out_of_memory import free_memory, is_out_of_memory
from nas.evaluation.progress_throttle import ProgressThrottle, for_part
from nas.proxy.checks import check_fit
from nas.proxy.network.layout import Layout, layout_for
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.state.member import Member
from nas.proxy.training.branch import train, train_branch
from nas.proxy.training.rung_score import RungScore
from nas.proxy.training.schedule import branch_start
from nas.results.measurement import LengthQuality, Measurement, Outcome
from nas.tasks.task import Task

SAVE_STEPS = 500
"""Optimiser steps of the trunk between two checkpoints; a crash costs these at most, or a branch."""


class ScratchEvaluator:
    """Trains members from their initial weights; passes `nas.evaluation.evaluator.Evaluator`.

    Members with the same weights are trained at once, one such cohort after the other. A cohort that does not fit
    into memory is halved until it does; a single member that does not fit has the outcome OUT_OF_MEMORY.

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
        rung: int,
        folders: Sequence[Path] | None = None,
        on_progress: OnProgress | None = None,
    ) -> tuple[Measurement, ...]:
        """One measurement a member, in order; see `Evaluator.evaluate`.

        With folders, the trunk is saved there every SAVE_STEPS steps and where the branch to the rung leaves it. A call
        that was killed goes on from there when it is made again, and a call for a later rung trains on. On a CPU
        with one thread both give to the bit, but for `wall_seconds`, what one call for the same members gives that
        starts anew.

        Raises:
            PatternError: a pattern does not fit the proxy or the task; nothing is trained then.
        """
        for member in members:
            check_fit(member.pattern, self._task, self._proxy)
        return self._evaluate_parts(self._cohorts(members), members, rung, folders, on_progress)

    def _cohorts(self, members: Sequence[Member]) -> list[list[int]]:
        """Who can be trained together: members with the same weights, those with a memory for themselves.

        The segment before is run for whole cohorts.
        """
        cohorts: dict[tuple[Layout, bool], list[int]] = {}
        for index, member in enumerate(members):
            remembers = any(layer.memory_tokens for layer in member.pattern.layers)
            layout = layout_for(member.pattern, self._proxy, self._task)
            cohorts.setdefault((layout, remembers), []).append(index)
        return list(cohorts.values())

    def _evaluate_parts(
        self,
        parts: Sequence[Sequence[int]],
        members: Sequence[Member],
        rung: int,
        folders: Sequence[Path] | None,
        on_progress: OnProgress | None,
    ) -> tuple[Measurement, ...]:
        """Some members after the others, each part from its own checkpoints or from the start."""
        measured: dict[int, Measurement] = {}
        for part in parts:
            own = self._evaluate_cohort(
                [members[index] for index in part],
                rung,
                folders and [folders[index] for index in part],
                on_progress and for_part(on_progress, part),
            )
            measured |= zip(part, own, strict=True)
        return tuple(measured[index] for index in range(len(members)))

    def _evaluate_cohort(
        self, members: Sequence[Member], rung: int, folders: Sequence[Path] | None, on_progress: OnProgress | None
    ) -> tuple[Measurement, ...]:
        """All at once; if memory runs out, one half after the other."""
        checkpoints = Checkpoints(members, folders, self._run()) if folders is not None else None
        try:
            return self._measure(members, rung, checkpoints, on_progress)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        free_memory()
        if len(members) > 1:
            half = len(members) // 2
            return self._evaluate_parts((range(half), range(half, len(members))), members, rung, folders, on_progress)
        return (_out_of_memory(members[0], rung),)

    def _measure(
        self, members: Sequence[Member], rung: int, checkpoints: Checkpoints | None, on_progress: OnProgress | None
    ) -> tuple[Measurement, ...]:
        """Along the trunk, down the branch, and on to the longer sequences."""
        start = branch_start(rung, self._training)
        state = checkpoints.latest(start) if checkpoints is not None else None
        if state is None:
            state = CohortState.initial(members, layout_for(members[0].pattern, self._proxy, self._task))
        throttle = ProgressThrottle(len(members), state.step, rung, on_progress)
        while state.step < start and state.alive.any():
            state = train(state, until_step=min(state.step + SAVE_STEPS, start), **self._how(throttle))
            if checkpoints is not None:
                checkpoints.save(state)
        end, scores = train_branch(state, rung=rung, **self._how(throttle))
        started = time.perf_counter()
        longer = longer_qualities(
            end, self._task, self._proxy, self._training, device=self._device, backend=self._backend
        )
        extra_seconds = (time.perf_counter() - started) / len(members)
        return tuple(
            _measurement(part, rung, score, lengths, extra_seconds)
            for part, score, lengths in zip(end.split(), scores, longer, strict=True)
        )

    def _how(self, throttle: ProgressThrottle) -> dict[str, Any]:
        """What every stretch of a training has in common."""
        return {
            "task": self._task,
            "proxy": self._proxy,
            "training": self._training,
            "data_seed": self._data_seed,
            "device": self._device,
            "backend": self._backend,
            "on_step": throttle.stepped,
        }

    def _run(self) -> str:
        """All that decides a trunk besides the members, as 16 hexadecimal digits."""
        training = asdict(self._training)
        for name in ("num_steps", "num_rungs", "rung_ratio", "cooldown_share", "test_lengths"):
            del training[name]
        settings = (self._task.fingerprint, asdict(self._proxy), training, self._data_seed)
        return hashlib.sha256(repr(settings).encode()).hexdigest()[:16]


def _measurement(
    state: CohortState,
    rung: int,
    score: RungScore | None,
    longer: tuple[LengthQuality, ...],
    extra_seconds: float,
) -> Measurement:
    """Of one member; `extra_seconds` is what came on top of its training."""
    (member,) = state.members
    return Measurement(
        seed=member.seed,
        learning_rate=member.learning_rate,
        step=rung,
        outcome=Outcome.DIVERGED if score is None else Outcome.FINISHED,
        quality=score.quality if score else None,
        train_loss=score.train_loss if score else None,
        wall_seconds=state.wall_seconds[0] + extra_seconds,
        longer=longer if score else (),
    )


def _out_of_memory(member: Member, rung: int) -> Measurement:
    return Measurement.unfinished(member.seed, member.learning_rate, rung, Outcome.OUT_OF_MEMORY)
