"""Evaluation inside a pretrained decoder: as it is, or after a short training of adapters."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

from nas.evaluation.out_of_memory import unless_out_of_memory
from nas.evaluation.progress_throttle import OnProgress, ProgressThrottle, for_part
from nas.evaluation.settings import CheckpointSettings
from nas.evaluation.trunk_files import TrunkFiles, trunk_settings
from nas.pretrained.decoder import Decoder
from nas.pretrained.lora import Adapters, lora_adapters
from nas.pretrained.needle import NeedleTask
from nas.pretrained.phases import prompt_tokens
from nas.pretrained.scoring import score_depths, score_task
from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.proxy.training.schedule import branch_start
from nas.results.measurement import LengthQuality, Measurement, Outcome, PartQuality
from nas.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class _Result:
    """The result of measuring a member; see `Measurement`."""

    outcome: Outcome
    quality: float | None = None
    train_loss: float | None = None
    longer: tuple[LengthQuality, ...] = ()
    parts: tuple[PartQuality, ...] = ()


class CheckpointEvaluator:
    """Plugs members into a decoder, one after the other; implements `nas.evaluation.evaluator.Evaluator`.

    Args:
        decoder: loaded once, and left with its own weights.
        task: what is scored; adapters learn its `train_batch`.
        evaluation: whether adapters are trained.
        training: how they are, at which lengths scores are taken, and how many sequences at once.
        data_seed: seed of the stream of batches.
        longer_from: the first rung at which longer sequences are scored too, in optimiser steps.
    """

    def __init__(
        self,
        decoder: Decoder,
        task: Task,
        evaluation: CheckpointSettings,
        training: TrainingSettings,
        *,
        data_seed: int,
        longer_from: int = 0,
    ) -> None:
        self._decoder, self._task, self._evaluation = decoder, task, evaluation
        self._training, self._data_seed, self._longer_from = training, data_seed, longer_from

    def evaluate(
        self,
        members: Sequence[Member],
        rung: int,
        folders: Sequence[Path] | None = None,
        on_progress: OnProgress | None = None,
    ) -> tuple[Measurement, ...]:
        """One measurement per member, in order; see `Evaluator.evaluate`.

        With folders, adapters are saved there along the trunk, and a later call resumes from them.

        Raises:
            PatternError: a pattern does not fit the decoder; nothing is run then.
        """
        for member in members:
            self._decoder.dimensions.check_fit(member.pattern)
        return tuple(
            self._evaluate(
                member,
                rung,
                [folders[index]] if folders is not None else [],
                on_progress and for_part(on_progress, [index]),
            )
            for index, member in enumerate(members)
        )

    def _evaluate(
        self, member: Member, rung: int, folder: Sequence[Path], on_progress: OnProgress | None
    ) -> Measurement:
        started = time.perf_counter()
        result = unless_out_of_memory(lambda: self._measure(member, rung, folder, on_progress))
        if result is None:
            result = _Result(outcome=Outcome.OUT_OF_MEMORY)
        return Measurement(
            seed=member.seed,
            learning_rate=member.learning_rate,
            step=rung,
            outcome=result.outcome,
            quality=result.quality,
            train_loss=result.train_loss,
            wall_seconds=time.perf_counter() - started,
            longer=result.longer,
            parts=result.parts,
        )

    def _measure(self, member: Member, rung: int, folder: Sequence[Path], on_progress: OnProgress | None) -> _Result:
        self._decoder.attend_as(member.pattern, self._evaluation.phase)
        if self._evaluation.trains:
            return self._tuned(member, rung, folder, on_progress)
        throttle = ProgressThrottle(1, 0, rung, on_progress)
        result = self._scored(None, throttle)
        throttle.stepped()
        return result

    def _tuned(self, member: Member, rung: int, folder: Sequence[Path], on_progress: OnProgress | None) -> _Result:
        """The scores after training adapters along the trunk and down the branch."""
        training = replace(self._training, learning_rate=member.learning_rate)
        start, rank = branch_start(rung, training), self._evaluation.lora_rank
        with lora_adapters(self._decoder, rank, member.seed, self._task, training, self._data_seed) as adapters:
            files = self._files(adapters, member, folder)
            files.latest(start)
            throttle = ProgressThrottle(1, adapters.step, rung, on_progress)

            def along_trunk(adapters: Adapters, until_step: int) -> Adapters:
                adapters.train(until_step, None, throttle.stepped)
                return adapters

            files.advance(adapters, start, along_trunk)
            train_loss = adapters.train(rung, rung, throttle.stepped)
            if not adapters.any_alive():
                return _Result(outcome=Outcome.DIVERGED)
            return self._scored(train_loss, throttle, longer=rung >= self._longer_from)

    def _files(self, adapters: Adapters, member: Member, folder: Sequence[Path]) -> TrunkFiles[Adapters]:
        """Every task's adapters learn the same text; a folder has one pattern, so the key needs none."""
        decided_by = (
            (self._task.corpus_fingerprint, self._task.num_tokens),
            self._evaluation.lora_rank,
            trunk_settings(self._training),
            member.seed,
            member.learning_rate,
            self._data_seed,
            self._decoder.device.type,
        )

        def write(adapters: Adapters, paths: Sequence[Path]) -> None:
            (path,) = paths
            adapters.save(path)

        def read(paths: Sequence[Path], step: int) -> Adapters | None:
            (path,) = paths
            return adapters if adapters.load(path, step) else None

        return TrunkFiles(folder, decided_by, write=write, read=read)

    def _scored(self, train_loss: float | None, throttle: ProgressThrottle, *, longer: bool = True) -> _Result:
        """The scores of the decoder as it is, on the task, on its parts, and perhaps at every longer length."""
        quality, parts = self._quality(throttle)
        qualities = [
            LengthQuality(
                times=times,
                num_tokens=task.num_tokens,
                quality=self._score(task, max(1, self._training.batch_size // times), throttle),
            )
            for times in (sorted(self._training.test_lengths) if longer else ())
            if (task := self._task.longer(times)) is not None
        ]
        if not all(math.isfinite(value) for value in (quality, *(one.quality for one in qualities))):
            return _Result(outcome=Outcome.DIVERGED)
        return _Result(
            outcome=Outcome.FINISHED, quality=quality, train_loss=train_loss, longer=tuple(qualities), parts=parts
        )

    def _quality(self, throttle: ProgressThrottle) -> tuple[float, tuple[PartQuality, ...]]:
        """The quality on the task and on its parts; parts are of equal size, so their mean is that of the whole."""
        parts = tuple(
            PartQuality(name=name, quality=quality)
            for name, quality in self._qualities(self._task, self._training.batch_size, throttle).items()
        )
        return fmean(part.quality for part in parts), parts if self._task.parts else ()

    def _score(self, task: Task, batch_size: int, throttle: ProgressThrottle) -> float:
        """The quality on a task, as `_qualities` scores it."""
        return fmean(self._qualities(task, batch_size, throttle).values())

    def _qualities(self, task: Task, batch_size: int, throttle: ProgressThrottle) -> dict[str, float]:
        """The quality on each part of a task, with half as many sequences at once each time that memory runs out.

        A task without parts is its own. Sequences are scored each by itself, so the batch decides no more than the last
        digits.

        Raises:
            RuntimeError, MemoryError: a single sequence does not fit.
        """
        self._decoder.plug.num_prompt = prompt_tokens(task)
        share, on_batch = not self._evaluation.trains and self._evaluation.phase == "both", throttle.still_here

        def score() -> dict[str, float]:
            if isinstance(task, NeedleTask):
                scored = score_depths(self._decoder, task, batch_size, share=share, on_batch=on_batch)
            else:
                scored = {task.name: score_task(self._decoder, task, batch_size, share=share, on_batch=on_batch)}
            return {name: task.quality(one.loss, one.accuracy) for name, one in scored.items()}

        if batch_size == 1:
            return score()
        qualities = unless_out_of_memory(score)
        return self._qualities(task, batch_size // 2, throttle) if qualities is None else qualities
