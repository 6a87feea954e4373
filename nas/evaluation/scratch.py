"""Evaluation by training proxies from scratch."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch

from nas.errors import InputError
from nas.evaluation.longer import longer_qualities
from nas.evaluation.out_of_memory import unless_out_of_memory
from nas.evaluation.progress_throttle import OnProgress, ProgressThrottle, for_part
from nas.evaluation.trunk_files import TrunkFiles, trunk_settings
from nas.proxy.member import Member
from nas.proxy.network.layout import Layout, check_fit, layout_for
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.proxy.training.metrics import RungScore
from nas.proxy.training.precision import precision_on
from nas.proxy.training.schedule import branch_start
from nas.results.measurement import LengthQuality, Measurement, Outcome
from nas.tasks.task import Task


class ScratchEvaluator:
    """Trains members from their initial weights; implements `nas.evaluation.evaluator.Evaluator`.

    Members with the same weights are trained at once, one such cohort after the other. Their first step says whether
    they fit into memory together; a cohort that runs out of it, then or later, is halved until it does not. A single
    member that does not fit has the outcome OUT_OF_MEMORY.

    Args:
        task: what is learned.
        proxy: sizes of the model.
        training: how it is trained.
        data_seed: seed of the stream of batches.
        device: cpu, cuda or cuda:N.
        backend: how attention runs; see `nas.attention.module.attend`.
        longer_from: the first rung at which longer sequences are scored too, in optimiser steps.
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
        longer_from: int = 0,
    ) -> None:
        self._longer_from = longer_from
        self._trainer = CohortTrainer(
            task=task, proxy=proxy, training=training, data_seed=data_seed, device=device, backend=backend
        )

    def evaluate(
        self,
        members: Sequence[Member],
        rung: int,
        folders: Sequence[Path] | None = None,
        on_progress: OnProgress | None = None,
    ) -> tuple[Measurement, ...]:
        """One measurement per member, in order; see `Evaluator.evaluate`.

        With folders, the trunk is saved there every SAVE_STEPS steps and where the branch to the rung leaves it. A
        killed call resumes from there when it is repeated, and a call for a later rung trains on. On a CPU with one
        thread both are bit-identical, except for `wall_seconds`, to a single call for the same members.

        Raises:
            PatternError: a pattern does not fit the proxy or the task; nothing is trained then.
        """
        for member in members:
            check_fit(member.pattern, self._trainer.task, self._trainer.proxy)
        return self._evaluate_parts(self._cohorts(members), members, rung, folders, on_progress)

    def _cohorts(self, members: Sequence[Member]) -> list[list[int]]:
        """Which members can be trained together: those with the same weights; those with a memory form their own.

        A memory needs the segment before, which is run for whole cohorts.
        """
        cohorts: dict[tuple[Layout, bool], list[int]] = {}
        for index, member in enumerate(members):
            remembers = any(layer.memory_tokens for layer in member.pattern.layers)
            layout = layout_for(member.pattern, self._trainer.proxy, self._trainer.task)
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
        """One part of the members after the other, each from its own checkpoints or from the start."""
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
        """All members at once; if memory runs out, one half after the other."""
        measured = unless_out_of_memory(lambda: self._measure(members, rung, folders, on_progress))
        if measured is not None:
            return measured
        if len(members) > 1:
            half = len(members) // 2
            return self._evaluate_parts((range(half), range(half, len(members))), members, rung, folders, on_progress)
        (member,) = members
        return (Measurement.unfinished(member.seed, member.learning_rate, rung, Outcome.OUT_OF_MEMORY),)

    def _measure(
        self, members: Sequence[Member], rung: int, folders: Sequence[Path] | None, on_progress: OnProgress | None
    ) -> tuple[Measurement, ...]:
        """Train along the trunk and down the branch, then score longer sequences too."""
        trainer, start = self._trainer, branch_start(rung, self._trainer.training)
        files = self._files(members, folders)
        state = files.latest(start) or trainer.initial(members)
        throttle = ProgressThrottle(len(members), state.step, rung, on_progress)
        state = files.advance(state, start, lambda state, until: trainer.train(state, until, throttle.stepped))
        end, scores = trainer.train_branch(state, rung, throttle.stepped)
        started = time.perf_counter()
        longer = longer_qualities(end, trainer) if rung >= self._longer_from else ((),) * len(members)
        extra_seconds = (time.perf_counter() - started) / len(members)
        return tuple(
            _measurement(part, rung, score, lengths, extra_seconds)
            for part, score, lengths in zip(end.split(), scores, longer, strict=True)
        )

    def _files(self, members: Sequence[Member], folders: Sequence[Path] | None) -> TrunkFiles[CohortState]:
        """Members are not part of the key: the files themselves name theirs."""
        trainer = self._trainer
        decided_by = (
            trainer.task.fingerprint,
            asdict(trainer.proxy),
            trunk_settings(trainer.training),
            trainer.data_seed,
            (torch.device(trainer.device).type, precision_on(trainer.device)),
        )
        return TrunkFiles(folders or (), decided_by, write=_write, read=partial(_read, members))


def _write(state: CohortState, paths: Sequence[Path]) -> None:
    for part, path in zip(state.split(), paths, strict=True):
        part.save(path)


def _read(members: Sequence[Member], paths: Sequence[Path], step: int) -> CohortState | None:
    """The members' state at a step; None if a file holds another member or step, or cannot be read."""
    try:
        states = [CohortState.load(path) for path in paths]
        found = [(state.members, state.step) for state in states]
        return CohortState.merge(states) if found == [((member,), step) for member in members] else None
    except (InputError, LookupError, TypeError, ValueError, AttributeError, RuntimeError):  # not written by `_write`
        return None


def _measurement(
    state: CohortState,
    rung: int,
    score: RungScore | None,
    longer: tuple[LengthQuality, ...],
    extra_seconds: float,
) -> Measurement:
    """The measurement of one member; `extra_seconds` are added to the time of its training."""
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
