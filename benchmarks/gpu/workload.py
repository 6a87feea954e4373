"""The training of two presets, without the libraries that read presets."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from nas.evaluation.scratch import ScratchEvaluator
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.search_spaces.hybrid import Hybrid
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Shape
from nas.space.systems import full
from nas.tasks.language.text import TextSettings, TextTask
from nas.tasks.task import Task


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A proxy, its task and its training.

    Args:
        name: in tables.
        text: settings of the task.
        proxy: sizes of the model.
        training: how it is trained.
    """

    name: str
    text: TextSettings
    proxy: ProxySettings
    training: TrainingSettings

    @property
    def shape(self) -> Shape:
        """The shape of its patterns."""
        return Shape(
            num_layers=self.proxy.num_layers,
            num_heads=self.proxy.num_heads,
            num_tokens=self.text.num_tokens,
            causal=True,
            context=True,
        )

    def task(self) -> Task:
        """The task; reading the text takes part of a second."""
        return TextTask(self.text)

    def patterns(self) -> Iterator[ModelPattern]:
        """Full attention, and then random patterns of the default space, always the same."""
        yield full(self.shape)
        seed = 0
        while True:
            yield Hybrid().sample(RandomSuggester(seed), self.shape)
            seed += 1

    def members(self, count: int, seed: int = 0) -> list[Member]:
        """The first patterns as members, all with one seed of the weights."""
        rate = self.training.learning_rate
        return [Member(pattern=one, seed=seed, learning_rate=rate) for one in islice(self.patterns(), count)]

    def trainer(self, device: str) -> CohortTrainer:
        """Trains them."""
        return CohortTrainer(task=self.task(), proxy=self.proxy, training=self.training, data_seed=0, device=device)

    def evaluator(self, device: str) -> ScratchEvaluator:
        """Trains and scores them."""
        return ScratchEvaluator(self.task(), self.proxy, self.training, data_seed=0, device=device)


QUICK = Workload(
    name="quick",
    text=TextSettings(num_tokens=128, validation_sequences=256),
    proxy=ProxySettings(rope_base=100.0),
    training=TrainingSettings(num_steps=960, num_rungs=2, batch_size=4),
)
LONG = Workload(
    name="gpu",
    text=TextSettings(num_tokens=2048, validation_sequences=128),
    proxy=ProxySettings(num_layers=6, num_heads=4, d_model=256),
    training=TrainingSettings(num_steps=3600, num_rungs=2, batch_size=4, learning_rate=1e-3, warmup_steps=100),
)
"""As the presets of these names have them, but for test lengths: tests compare."""

TINY = Workload(
    name="tiny",
    text=TextSettings(num_tokens=32, validation_sequences=8),
    proxy=ProxySettings(num_layers=1, num_heads=2, d_model=16),
    training=TrainingSettings(num_steps=4, batch_size=2, warmup_steps=1),
)
"""What `--small` trains."""
