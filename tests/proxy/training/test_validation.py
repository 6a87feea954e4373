from collections.abc import Callable

import pytest
import torch
from families import FAMILIES, STREAM, two_layers, window
from plain_transformer import plain_transformer
from torch.nn import functional

from nas.patterns.model import ModelPattern
from nas.proxy.network.layout import layout_for
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.state.member import Member
from nas.proxy.training.branch import train, train_branch
from nas.proxy.training.rung_score import RungScore
from nas.proxy.training.validation import validate
from nas.tasks.task import Task

Trained = Callable[..., tuple[CohortState, tuple[RungScore | None, ...]]]
TRAINING = TrainingSettings(num_steps=4, batch_size=8, warmup_steps=1)


@pytest.fixture
def trained(proxy: ProxySettings) -> Trained:
    def trained(task: Task, *patterns: ModelPattern) -> tuple[CohortState, tuple[RungScore | None, ...]]:
        members = [Member(pattern=pattern, seed=seed, learning_rate=4e-3) for seed, pattern in enumerate(patterns)]
        start = CohortState.initial(members, layout_for(patterns[0], proxy, task))
        trunk = train(start, task, proxy, TRAINING, data_seed=0, until_step=3)
        return train_branch(trunk, task, proxy, TRAINING, data_seed=0, rung=4)

    return trained


@pytest.mark.parametrize("name", ["rope", "memory", "grid", "last"])
def test_it_finds_what_the_validation_at_a_rung_found(name: str, trained: Trained, proxy: ProxySettings) -> None:
    family = FAMILIES[name]
    state, scores = trained(family.task, *family.patterns)
    found = validate(state, family.task, proxy, 8, device="cpu")
    assert found == tuple(score and score.quality for score in scores)


def test_twice_the_length_is_that_of_the_plain_model_with_the_same_weights(
    trained: Trained, proxy: ProxySettings
) -> None:
    patterns = (two_layers(window(3), memory=(4, 16)), two_layers(window(40), window(2), memory=(0, 1)))
    (state, _), longer = trained(STREAM, *patterns), STREAM.longer(2)
    assert longer is not None
    (batch,) = longer.validation_batches(100)
    assert batch.context is not None
    weights = layout_for(patterns[0], proxy, STREAM).unpack(state.weights)
    for index, found in enumerate(validate(state, longer, proxy, 3, device="cpu")):
        own = {name: weight[index] for name, weight in weights.items()}
        scores = torch.stack(
            [
                plain_transformer(own, patterns[index], tokens, context)
                for tokens, context in zip(batch.tokens, batch.context, strict=True)
            ]
        )
        expected = functional.cross_entropy(scores.flatten(0, 1), batch.targets.flatten())
        assert found == pytest.approx(float(expected), rel=1e-5)
