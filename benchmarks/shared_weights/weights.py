"""Measuring patterns with one set of shared weights: in a pass, or after a short training of their own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from torch import Tensor

from nas.errors import InputError
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.network.layout import Layout, check_fit, layout_for
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.proxy.training.metrics import validate
from nas.proxy.training.schedule import branch_start
from nas.tasks.task import Task

OnPattern = Callable[[int], None]
"""Called with the number of patterns done."""


def shared_layout(patterns: Sequence[ModelPattern], proxy: ProxySettings, task: Task) -> Layout:
    """The one layout that patterns must have in common to share weights.

    Raises:
        PatternError: a pattern does not fit the proxy or the task.
        InputError: there is no pattern, or they ask for different weights: other positions, other projections.
    """
    for pattern in patterns:
        check_fit(pattern, task, proxy)
    layouts = {layout_for(pattern, proxy, task) for pattern in patterns}
    if len(layouts) != 1:
        remedy = "Give all of them one position, and low_rank heads of one size or none."
        raise InputError("patterns", "must all have the same weights", f"{len(layouts)} layouts", remedy)
    return layouts.pop()


class SharedWeights:
    """Weights that any pattern of one layout can run with, as `train_supernet` makes them.

    A study does not offer them: docs/decisions/0013 has the figures.

    Args:
        row: the weights, shape (1, num_parameters).
        task: what they have learnt; how long scoring takes goes with its validation sequences.
        proxy: sizes of the model.
        batch_size: sequences at once when scoring.
        cohort_size: patterns at once; more than one is for GPUs.
        device: cpu, cuda or cuda:N.
        backend: how attention runs; see `nas.attention.module.attend`.
    """

    def __init__(
        self,
        row: Tensor,
        task: Task,
        proxy: ProxySettings,
        *,
        batch_size: int = 8,
        cohort_size: int = 1,
        device: str = "cpu",
        backend: str = "auto",
    ) -> None:
        self._row, self._task, self._proxy = row, task, proxy
        self._batch_size, self._cohort_size = batch_size, cohort_size
        self._device, self._backend = device, backend

    def score(self, patterns: Sequence[ModelPattern], on_pattern: OnPattern = lambda done: None) -> tuple[float, ...]:
        """The task's metric of every pattern with these weights as they are, in its unit.

        Raises:
            PatternError: a pattern does not fit the proxy or the task.
            InputError: the patterns need different weights.
        """
        qualities: list[float] = []
        for state in self._cohorts(patterns, learning_rate=0.0):
            qualities += validate(state, self._task, self._proxy, device=self._device, backend=self._backend)
            on_pattern(len(qualities))
        return tuple(qualities)

    def fine_tune(
        self,
        patterns: Sequence[ModelPattern],
        training: TrainingSettings,
        *,
        data_seed: int,
        on_pattern: OnPattern = lambda done: None,
    ) -> tuple[float | None, ...]:
        """The task's metric of every pattern after a training of its own that starts from these weights.

        Args:
            patterns: what to measure.
            training: how; its `num_steps` are the whole training, its `learning_rate` the peak for all patterns.
            data_seed: seed of the stream of batches; another than the shared weights were trained with shows new ones.
            on_pattern: told how many are done.

        Returns:
            one a pattern, in the metric's unit; None for a training that diverged.

        Raises:
            PatternError: a pattern does not fit the proxy or the task.
            InputError: the patterns need different weights.
        """
        training = replace(training, num_rungs=1)
        trainer = CohortTrainer(
            task=self._task,
            proxy=self._proxy,
            training=training,
            data_seed=data_seed,
            device=self._device,
            backend=self._backend,
        )
        rung, start = training.num_steps, branch_start(training.num_steps, training)
        qualities: list[float | None] = []
        for state in self._cohorts(patterns, training.learning_rate):
            _, scores = trainer.train_branch(trainer.train(state, start), rung)
            qualities += [None if score is None else score.quality for score in scores]
            on_pattern(len(qualities))
        return tuple(qualities)

    def _cohorts(self, patterns: Sequence[ModelPattern], learning_rate: float) -> Iterator[CohortState]:
        """The weights for each pattern, some patterns at a time; what AdamW remembered of them is gone."""
        layout = shared_layout(patterns, self._proxy, self._task)
        assert self._row.shape == (1, layout.num_parameters)
        for start in range(0, len(patterns), self._cohort_size):
            members = [
                Member(pattern=pattern, seed=0, learning_rate=learning_rate)
                for pattern in patterns[start : start + self._cohort_size]
            ]
            yield CohortState.from_weights(members, self._row.repeat(len(members), 1))
