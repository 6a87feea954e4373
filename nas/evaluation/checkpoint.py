"""Measuring patterns inside a pretrained decoder: as it is, or after a short training of adapters."""

import hashlib
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import fmean

from nas.evaluation.evaluator import OnProgress
from nas.evaluation.out_of_memory import free_memory, is_out_of_memory
from nas.evaluation.progress_throttle import ProgressThrottle, for_part
from nas.evaluation.settings import CheckpointSettings
from nas.pretrained.checks import check_fit
from nas.pretrained.decoder import Decoder
from nas.pretrained.lora import Adapters, lora_adapters, tune
from nas.pretrained.scoring import score
from nas.proxy.settings import TrainingSettings
from nas.proxy.state.member import Member
from nas.proxy.training.schedule import branch_start
from nas.results.measurement import LengthQuality, Measurement, Outcome, PartQuality
from nas.tasks.task import Task


class CheckpointEvaluator:
    """Plugs members into a decoder, one after the other; passes `nas.evaluation.evaluator.Evaluator`.

    Args:
        decoder: loaded once, and left with its own weights.
        task: what is scored; its `train_batch` is what adapters learn.
        evaluation: whether anything is trained.
        training: how, at which lengths scores are taken, and how many sequences at once.
        data_seed: seed of the stream of batches.
    """

    def __init__(
        self,
        decoder: Decoder,
        task: Task,
        evaluation: CheckpointSettings,
        training: TrainingSettings,
        *,
        data_seed: int,
    ) -> None:
        self._decoder, self._task, self._evaluation = decoder, task, evaluation
        self._training, self._data_seed = training, data_seed

    def evaluate(
        self,
        members: Sequence[Member],
        rung: int,
        folders: Sequence[Path] | None = None,
        on_progress: OnProgress | None = None,
    ) -> tuple[Measurement, ...]:
        """One measurement a member, in order; see `Evaluator.evaluate`.

        With folders, adapters are kept where the branch to a rung leaves the trunk, and a later rung goes on there.

        Raises:
            PatternError: a pattern does not fit the decoder; nothing is run then.
        """
        for member in members:
            check_fit(member.pattern, self._decoder.dimensions)
        return tuple(
            self._evaluate(
                member,
                rung,
                folders[index] if folders is not None else None,
                on_progress and for_part(on_progress, [index]),
            )
            for index, member in enumerate(members)
        )

    def _evaluate(self, member: Member, rung: int, folder: Path | None, on_progress: OnProgress | None) -> Measurement:
        started = time.perf_counter()
        try:
            measured = self._measure(member, rung, folder, on_progress)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            measured = _unfinished(member, rung, Outcome.OUT_OF_MEMORY)
        if measured.outcome is Outcome.OUT_OF_MEMORY:
            free_memory()
        return replace(measured, wall_seconds=time.perf_counter() - started)

    def _measure(self, member: Member, rung: int, folder: Path | None, on_progress: OnProgress | None) -> Measurement:
        self._decoder.attend_as(member.pattern)
        if self._evaluation.weights == "frozen":
            throttle = ProgressThrottle(1, 0, rung, on_progress)
            measured = self._scored(member, rung, None)
            throttle.stepped()
            return measured
        training = replace(self._training, learning_rate=member.learning_rate)
        with lora_adapters(self._decoder, self._evaluation.lora_rank, member.seed, training) as adapters:
            trunk = self._latest(adapters, member, rung, folder)
            throttle = ProgressThrottle(1, adapters.step, rung, on_progress)
            well = tune(
                adapters, self._task, rung, training, data_seed=self._data_seed, trunk=trunk, on_step=throttle.stepped
            )
            if not well:
                return _unfinished(member, rung, Outcome.DIVERGED)
            return self._scored(member, rung, adapters.train_loss)

    def _scored(self, member: Member, rung: int, train_loss: float | None) -> Measurement:
        """The decoder as it stands, on the task, on its parts, and at every longer length."""
        quality, parts = self._quality()
        longer = [
            LengthQuality(
                times=times,
                num_tokens=task.num_tokens,
                quality=score(self._decoder, task, max(1, self._training.batch_size // times)),
            )
            for times in sorted(self._training.test_lengths)
            if (task := self._task.longer(times)) is not None
        ]
        if not all(math.isfinite(value) for value in (quality, *(one.quality for one in longer))):
            return _unfinished(member, rung, Outcome.DIVERGED)
        return Measurement(
            seed=member.seed,
            learning_rate=member.learning_rate,
            step=rung,
            outcome=Outcome.FINISHED,
            quality=quality,
            train_loss=train_loss,
            wall_seconds=0.0,
            longer=tuple(longer),
            parts=parts,
        )

    def _quality(self) -> tuple[float, tuple[PartQuality, ...]]:
        """Parts are of one size, so their mean is the whole's quality."""
        batch_size = self._training.batch_size
        named: Mapping[str, Task] = getattr(self._task, "parts", {})
        parts = tuple(
            PartQuality(name=name, quality=score(self._decoder, task, batch_size)) for name, task in named.items()
        )
        if not parts:
            return score(self._decoder, self._task, batch_size), ()
        return fmean(part.quality for part in parts), parts

    def _latest(self, adapters: Adapters, member: Member, rung: int, folder: Path | None) -> Path | None:
        """Go on from the newest trunk that is kept; where the trunk to this rung is to be kept."""
        if folder is None:
            return None
        start, run = branch_start(rung, self._training), self._run(member)
        trunk = folder / f"checkpoint-{start:09d}-{run}.pt"
        for path in sorted(folder.glob(f"checkpoint-*-{run}.pt"), reverse=True):
            if path.name <= trunk.name and adapters.load(path):
                break
        return trunk

    def _run(self, member: Member) -> str:
        """All that decides a trunk, as 16 hexadecimal digits; every task's adapters learn the same text."""
        training = asdict(self._training)
        for name in ("num_steps", "num_rungs", "rung_ratio", "cooldown_share", "test_lengths"):
            del training[name]
        text = (self._task.corpus_fingerprint, self._task.num_tokens)
        settings = (text, self._evaluation.lora_rank, training, member.seed, member.learning_rate, self._data_seed)
        return hashlib.sha256(repr(settings).encode()).hexdigest()[:16]


def _unfinished(member: Member, rung: int, outcome: Outcome) -> Measurement:
    return Measurement.unfinished(member.seed, member.learning_rate, rung, outcome)
