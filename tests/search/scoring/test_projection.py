"""Projections: exact for the power law that they assume, and only where a proxy learns text in two rungs or more."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.evaluation.settings import CheckpointSettings, ScratchSettings
from nas.proxy.settings import TrainingSettings
from nas.search.scoring.projection import EXPONENT, horizons, projected
from nas.tasks.catalog import make_task
from nas.tasks.language.text import TextSettings
from nas.tasks.synthetic.recall import RecallSettings

LOSSES = st.floats(0.1, 10)
TWO_RUNGS = TrainingSettings(num_steps=960, num_rungs=2, batch_size=4)


@given(end=LOSSES, scale=LOSSES, shorter=st.integers(1, 1000), ratio=st.integers(2, 8), times=st.floats(1, 100))
def test_a_power_law_with_the_assumed_exponent_is_continued_exactly(
    end: float, scale: float, shorter: int, ratio: int, times: float
) -> None:
    longer = shorter * ratio
    steps = round(longer * times)

    def loss(length: int) -> float:
        return end + scale * length**-EXPONENT

    found = projected((shorter, loss(shorter)), (longer, loss(longer)), steps)
    assert found == pytest.approx(loss(max(steps, longer)))


@given(before=LOSSES, after=LOSSES)
def test_nothing_is_projected_backwards(before: float, after: float) -> None:
    assert projected((480, before), (960, after), 960) == projected((480, before), (960, after), 10) == after


def test_of_two_equal_losses_the_one_that_fell_further_is_ahead() -> None:
    assert projected((480, 2.9), (960, 2.5), 5120) < projected((480, 2.7), (960, 2.5), 5120)


def test_the_horizon_is_so_many_tokens_for_each_parameter() -> None:
    settings = TextSettings(num_tokens=128)
    found = horizons({"text": make_task(settings)}, [settings], ScratchSettings(), TWO_RUNGS, 131_072, 20)
    assert found == {"text": 5120}  # 20 * 131,072 / (4 * 128)


@pytest.mark.parametrize(
    ("settings", "evaluation", "training", "tokens"),
    [
        pytest.param(RecallSettings(), ScratchSettings(), TWO_RUNGS, 20.0, id="an accuracy"),
        pytest.param(TextSettings(), CheckpointSettings(), TWO_RUNGS, 20.0, id="pretrained weights"),
        pytest.param(TextSettings(), ScratchSettings(), replace(TWO_RUNGS, num_rungs=1), 20.0, id="one rung"),
        pytest.param(
            TextSettings(), ScratchSettings(), replace(TWO_RUNGS, num_steps=10_000), 20.0, id="trained so long"
        ),
        pytest.param(TextSettings(), ScratchSettings(), TWO_RUNGS, 0.0, id="switched off"),
    ],
)
def test_there_is_no_horizon_for(
    settings: TextSettings | RecallSettings,
    evaluation: ScratchSettings | CheckpointSettings,
    training: TrainingSettings,
    tokens: float,
) -> None:
    assert horizons({"task": make_task(settings)}, [settings], evaluation, training, 131_072, tokens) == {}
