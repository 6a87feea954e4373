"""The size of a cohort follows from what one member and two take, on a GPU that is pretended."""

from typing import Any

import pytest

from nas.evaluation import cohort_fit, scratch
from nas.evaluation.cohort_fit import SHARE, members_that_fit
from nas.evaluation.scratch import ScratchEvaluator
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from tests.families import two_layers, window
from tests.noise_task import NoiseTask

PROXY = ProxySettings(num_layers=2, num_heads=2, d_model=8, mlp_ratio=2)

MIB = 2**20


class Trainer:
    def __init__(self, device: str) -> None:
        self.device = device


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Any:
    """100 MiB for what all members share and 50 MiB for each, with so much free memory."""

    def gpu(free: float) -> None:
        monkeypatch.setattr(cohort_fit, "peak_bytes", lambda members, *_: (100 + 50 * len(members)) * MIB)
        monkeypatch.setattr(cohort_fit, "free_bytes", lambda device: int(free * MIB))

    return gpu


@pytest.mark.parametrize(("free", "fit"), [(10_000, 40), (1101 / SHARE, 20), (1099 / SHARE, 19), (160, 1), (10, 1)])
def test_as_many_fit_as_there_is_room_for(gpu: Any, free: float, fit: int) -> None:
    gpu(free)
    assert members_that_fit([object()] * 40, Trainer("cuda:0")) == fit  # type: ignore[list-item, arg-type]


def test_on_a_cpu_nothing_is_measured() -> None:
    assert members_that_fit([object()] * 40, Trainer("cpu")) == 40  # type: ignore[list-item, arg-type]


def test_two_are_tried_without_measuring() -> None:
    assert members_that_fit([object()] * 2, Trainer("cuda:0")) == 2  # type: ignore[list-item, arg-type]


def test_a_cohort_that_does_not_fit_is_trained_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three members where two fit: as if each part had been asked for alone."""
    task = NoiseTask()
    members = [
        Member(pattern=two_layers(window(width), causal=task.causal), seed=0, learning_rate=1e-3) for width in (2, 3, 4)
    ]
    evaluator = ScratchEvaluator(task, PROXY, TrainingSettings(num_steps=3, batch_size=2), data_seed=0, device="cpu")
    apart = [*evaluator.evaluate(members[:2], 3), *evaluator.evaluate(members[2:], 3)]
    monkeypatch.setattr(scratch, "members_that_fit", lambda members, trainer: min(2, len(members)))
    together = evaluator.evaluate(members, 3)
    assert [one.quality for one in together] == [one.quality for one in apart]
