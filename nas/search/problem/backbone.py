"""The backbone of a study, the model whose patterns are searched: a proxy, or a pretrained decoder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

import torch

from nas.costs.target import Target
from nas.errors import InputError
from nas.evaluation.settings import CheckpointSettings, ScratchSettings
from nas.patterns.model import ModelPattern
from nas.patterns.stretch import stretched
from nas.pretrained.checkpoint_tasks import TEXT, checkpoint_tasks
from nas.pretrained.decoder import Decoder
from nas.pretrained.dimensions import Dimensions
from nas.pretrained.retrieval_heads import ranked_heads
from nas.pretrained.source import checkpoint_fingerprint
from nas.proxy.network.layout import check_fit as check_fit_of_proxy
from nas.results.survey import Survey
from nas.search.devices import choose_devices
from nas.search.problem.deployment import deployment
from nas.search.problem.study_tasks import make_tasks
from nas.search.problem.to_survey import ToSurvey, make_to_survey
from nas.search.problem.transfer import Transfer, make_transfer
from nas.search.settings import StudySettings
from nas.space.sensitivity import Sensitivity
from nas.space.space import Shape
from nas.tasks.language.text import TextSettings
from nas.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Backbone:
    """What a study must know of a model before anything is trained.

    Args:
        tasks: the loaded tasks by label, the one that gives the shape first.
        shape: what a space fills: its heads are those that can attend differently at no loss, the KV heads.
        num_heads: heads of a pattern, a multiple of the shape's: query heads that share a KV head attend alike.
        to_survey: what is measured before the first trial; None if nothing is.
        transfer: between the proxy that is trained and the target that is meant; None if they are the same.
        target: the model itself as a target.
        check_fit: raises PatternError for a pattern that does not fit the model or a task.
        trains: whether weights are trained under each pattern; if not, scores have no noise.
        fingerprint: hash of the pretrained weights, hexadecimal; None where there are none.
    """

    tasks: Mapping[str, Task]
    shape: Shape
    num_heads: int
    target: Target
    check_fit: Callable[[ModelPattern], None]
    trains: bool = True
    fingerprint: str | None = None
    to_survey: ToSurvey | None = None
    transfer: Transfer | None = None

    def with_survey(self, survey: Survey) -> "Backbone":
        """The backbone with what a survey says of its layers and heads."""
        return replace(self, shape=surveyed(self.shape, survey))

    @property
    def num_tokens(self) -> int:
        """Length of the sequences that patterns are trained on, in tokens."""
        return self.transfer.proxy_tokens if self.transfer else self.shape.num_tokens

    def widened(self, pattern: ModelPattern) -> ModelPattern:
        """A pattern of the shape for all heads of the model: those that share a KV head attend alike."""
        return stretched(pattern, pattern.num_layers, self.num_heads)

    def trained(self, pattern: ModelPattern) -> ModelPattern:
        """A pattern of the shape as the model has it.

        Raises:
            PatternError: the model is too short to tell one of its sizes from nothing.
        """
        return self.widened(self.transfer.trained(pattern) if self.transfer else pattern)

    def meant(self, pattern: ModelPattern) -> ModelPattern:
        """A pattern of the model as it is meant: in the target, if there is one."""
        return self.transfer.meant(pattern) if self.transfer else pattern


def surveyed(shape: Shape, survey: Survey) -> Shape:
    """The shape with what a survey says of its layers and heads."""
    sensitivity = Sensitivity(survey) if survey.recent_tokens else None
    return replace(shape, retrieval_heads=ranked_heads(survey.retrieval), sensitivity=sensitivity)


def make_backbone(settings: StudySettings) -> Backbone:
    """The model that the settings stand for, with its tasks.

    Raises:
        InputError: a setting is wrong, or the checkpoint cannot be used.
    """
    match settings.evaluation:
        case ScratchSettings():
            return _proxy(settings)
        case CheckpointSettings() as evaluation:
            return _pretrained(settings, evaluation)
        case _:
            assert_never(settings.evaluation)


def _proxy(settings: StudySettings) -> Backbone:
    tasks, proxy = make_tasks(settings), settings.proxy
    task = next(iter(tasks.values()))
    transfer = None
    if isinstance(settings.target, Target) and task.grid is None:
        transfer = make_transfer(settings.target, proxy, task.num_tokens, settings.carry)
    shape = Shape(
        num_layers=proxy.num_layers,
        num_heads=transfer.num_parts if transfer else proxy.num_heads,
        num_tokens=transfer.target_tokens if transfer else task.num_tokens,
        grain=transfer.grain if transfer else 1,
        causal=task.causal,
        grid=task.grid,
        serving=deployment(settings.deployable_by).rules,
        context=all(other.train_batch(0, 1, 0).context is not None for other in tasks.values()),
    )

    def check_fit(pattern: ModelPattern) -> None:
        for each in tasks.values():
            check_fit_of_proxy(pattern, each, proxy)

    return Backbone(
        tasks=tasks,
        shape=shape,
        num_heads=proxy.num_heads,
        target=proxy.target(task.num_tokens, task.vocab_size),
        check_fit=check_fit,
        transfer=transfer,
    )


@torch.no_grad()
def _pretrained(settings: StudySettings, evaluation: CheckpointSettings) -> Backbone:
    """The decoder is loaded to be inspected, and released; workers load their own."""
    assert settings.checkpoint is not None and isinstance(settings.task, TextSettings), "StudySettings checks both"
    decoder = Decoder.load(settings.checkpoint, device=choose_devices(settings)[0])
    sizes, targets = decoder.dimensions, deployment(settings.deployable_by)
    targets.check_model(decoder.model.config.model_type)
    tasks = checkpoint_tasks(
        decoder, settings.task, evaluation.needle_depths, evaluation.needle_sequences, evaluation.phase
    )
    text = tasks[TEXT]
    longest = [text, *(longer for times in sorted(settings.training.test_lengths) if (longer := text.longer(times)))][
        -1
    ]
    _check_length(longest.num_tokens, sizes)
    decoder.check(torch.from_numpy(next(longest.validation_batches(1)).tokens))
    shape = Shape(
        num_layers=sizes.num_layers,
        num_heads=sizes.num_kv_heads,
        num_tokens=text.num_tokens,
        causal=True,
        weighted=True,
        serving=targets.rules,
    )
    fingerprint = checkpoint_fingerprint(decoder.folder)
    to_survey = make_to_survey(decoder, tasks, evaluation, settings.training.batch_size, fingerprint)
    backbone = Backbone(
        tasks=tasks,
        shape=shape,
        num_heads=sizes.num_heads,
        target=sizes.target(evaluation.cost_tokens or text.num_tokens),
        check_fit=sizes.check_fit,
        trains=evaluation.trains,
        fingerprint=fingerprint,
        to_survey=to_survey,
    )
    return backbone.with_survey(to_survey.unmeasured) if to_survey else backbone


def _check_length(num_tokens: int, sizes: Dimensions) -> None:
    if sizes.most_tokens is not None and num_tokens > sizes.most_tokens:
        allowed = f"must be at most {sizes.most_tokens:,}, max_position_embeddings of {sizes.name}"
        remedy = "Lower it, or training.test_lengths."
        raise InputError("task.num_tokens", allowed, num_tokens, remedy)
