"""The protocol of evaluators, and those that settings stand for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, assert_never

from nas.evaluation.checkpoint import CheckpointEvaluator
from nas.evaluation.progress_throttle import OnProgress
from nas.evaluation.settings import CheckpointSettings, EvaluationSettings, ScratchSettings
from nas.pretrained.checkpoint_tasks import TEXT, checkpoint_tasks
from nas.pretrained.decoder import Decoder
from nas.pretrained.source import checkpoint_fingerprint
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.results.measurement import Measurement
from nas.tasks.catalog import TaskSettings, make_task
from nas.tasks.language.text import TextSettings
from nas.tasks.task import Task


class Evaluator(Protocol):
    """Patterns in, measurements out."""

    def evaluate(
        self,
        members: Sequence[Member],
        rung: int,
        folders: Sequence[Path] | None = None,
        on_progress: OnProgress | None = None,
    ) -> tuple[Measurement, ...]:
        """One measurement per member, in order; if a member fails, that is the outcome of its measurement.

        Args:
            members: what to measure.
            rung: how long to train, in optimiser steps; one of the evaluation's `rungs`.
            folders: one per member, for the state that a later call resumes from: to a later rung, or after it was
                killed; None to keep nothing.
            on_progress: called from time to time with the progress of each member.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluators:
    """The evaluators of a study, and what they have loaded.

    Args:
        make: makes an evaluator from the label of a task and the seed of its data.
        fingerprints: of the data and the weights that they use; see `fingerprints`.
    """

    make: Callable[[str, int], Evaluator]
    fingerprints: Mapping[str, str]


def fingerprints(tasks: Mapping[str, Task], weights: str | None) -> dict[str, str]:
    """Hashes of everything beyond the settings that measurements depend on, by what they are of.

    Args:
        tasks: the loaded tasks by label.
        weights: hash of the pretrained weights; None where there are none.
    """
    found = {f"task {label}": task.fingerprint for label, task in tasks.items()}
    return found | ({"checkpoint": weights} if weights else {})


def evaluators(
    evaluation: EvaluationSettings,
    *,
    checkpoint: str | None,
    tasks: Mapping[str, TaskSettings],
    proxies: Mapping[str, ProxySettings],
    training: TrainingSettings,
    device: str,
    longer_from: int = 0,
) -> Evaluators:
    """Load what all evaluators of a study share: the data, and the checkpoint if there is one.

    Args:
        evaluation: how patterns are measured.
        checkpoint: the pretrained decoder, for an evaluation that uses one.
        tasks: settings of every task by its label.
        proxies: sizes of the proxy that learns each task, by label.
        training: how it, or the adapters of a decoder, are trained.
        device: cpu, cuda or cuda:N.
        longer_from: the first rung at which longer sequences are scored too, in optimiser steps.

    Raises:
        InputError: a task or the checkpoint cannot be loaded.
    """
    match evaluation:
        case ScratchSettings():
            from nas.evaluation.scratch import ScratchEvaluator  # Lightning, most of what a search has to load

            made = {label: make_task(settings) for label, settings in tasks.items()}
            return Evaluators(
                make=lambda task, seed: ScratchEvaluator(
                    made[task], proxies[task], training, data_seed=seed, device=device, longer_from=longer_from
                ),
                fingerprints=fingerprints(made, None),
            )
        case CheckpointSettings():
            text = tasks[TEXT]
            assert checkpoint is not None and isinstance(text, TextSettings)
            decoder = Decoder.load(checkpoint, device=device)
            asked = checkpoint_tasks(
                decoder, text, evaluation.needle_depths, evaluation.needle_sequences, evaluation.phase
            )
            return Evaluators(
                make=lambda task, seed: CheckpointEvaluator(
                    decoder, asked[task], evaluation, training, data_seed=seed, longer_from=longer_from
                ),
                fingerprints=fingerprints(asked, checkpoint_fingerprint(decoder.folder)),
            )
        case _:
            assert_never(evaluation)
