"""Members that need different weights, measured in one call."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas.errors import PatternError
from nas.evaluation.scratch import ScratchEvaluator
from nas.patterns.model import ModelPattern
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.proxy.state.cohort_state import CohortState
from nas.proxy.training.cohort_trainer import CohortTrainer
from nas.results.measurement import Outcome
from tests.families import FAMILIES, FULL, STREAM, two_layers, window
from tests.timeless import timeless

MEMORY, RELATIVE = FAMILIES["memory"].patterns, FAMILIES["relative"].patterns
MIXED = (two_layers(FULL), MEMORY[0], RELATIVE[0], two_layers(window(3)), RELATIVE[1], MEMORY[1])
COHORTS = [[0, 3], [1, 5], [2, 4]]
RUNG = 4


class Killed(BaseException):
    """What SIGKILL would be, if Python could see it."""


@pytest.fixture
def evaluator() -> ScratchEvaluator:
    proxy = ProxySettings(num_layers=2, num_heads=2, d_model=8, mlp_ratio=2)
    training = TrainingSettings(num_steps=RUNG, batch_size=4, warmup_steps=1)
    return ScratchEvaluator(STREAM, proxy, training, data_seed=3, device="cpu")


def members(*patterns: ModelPattern) -> list[Member]:
    return [Member(pattern=pattern, seed=seed, learning_rate=4e-3) for seed, pattern in enumerate(patterns)]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The seeds of every cohort that is trained, in order."""
    cohorts: list[list[int]] = []
    train = CohortTrainer.train

    def watched(trainer: CohortTrainer, state: CohortState, *args: Any) -> CohortState:
        cohorts.append([member.seed for member in state.members])
        return train(trainer, state, *args)

    monkeypatch.setattr(CohortTrainer, "train", watched)
    return cohorts


def test_each_cohort_trains_by_itself_and_the_order_of_results_stays(
    evaluator: ScratchEvaluator, trained: list[list[int]]
) -> None:
    everyone = members(*MIXED)
    measurements = evaluator.evaluate(everyone, RUNG)
    assert trained == COHORTS
    for cohort in COHORTS:
        alone = evaluator.evaluate([everyone[index] for index in cohort], RUNG)
        assert timeless(alone) == timeless(measurements[index] for index in cohort)


def test_progress_and_folders_belong_to_the_member(evaluator: ScratchEvaluator, tmp_path: Path) -> None:
    everyone, told = members(*MIXED), []
    folders = [tmp_path / str(index) for index in range(len(MIXED))]
    seen: dict[int, set[Path]] = {}

    def on_progress(member: int, step: int, num_steps: int) -> None:
        told.append((member, step, num_steps))
        if step == RUNG:
            seen[member] = {folder for folder in folders if folder.exists() and any(folder.iterdir())}

    evaluator.evaluate(everyone, RUNG, folders, on_progress)
    for index in range(len(MIXED)):
        own = [now for now in told if now[0] == index]
        assert own[0] == (index, 0, RUNG) and own[-1] == (index, RUNG, RUNG)
    for number, cohort in enumerate(COHORTS, start=1):
        begun = {folders[index] for others in COHORTS[:number] for index in others}
        assert seen[cohort[0]] == seen[cohort[1]] == begun


@pytest.mark.parametrize("killed", [0, 1, 2])
def test_a_killed_call_ends_the_same_whichever_cohort_it_was_in(
    evaluator: ScratchEvaluator, tmp_path: Path, killed: int
) -> None:
    everyone, folders = members(*MIXED), [tmp_path / str(index) for index in range(len(MIXED))]
    expected = timeless(evaluator.evaluate(everyone, RUNG))

    def kill(member: int, step: int, num_steps: int) -> None:
        if member == COHORTS[killed][0] and step == RUNG:
            raise Killed

    with pytest.raises(Killed):
        evaluator.evaluate(everyone, RUNG, folders, kill)
    assert timeless(evaluator.evaluate(everyone, RUNG, folders)) == expected


def test_a_cohort_that_does_not_fit_is_halved_by_itself(
    evaluator: ScratchEvaluator, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, sizes = CohortTrainer.train, []

    def small_machine(trainer: CohortTrainer, state: CohortState, *args: Any) -> CohortState:
        sizes.append(len(state.members))
        if len(state.members) > 1 and state.members[0].pattern.position == "relative":
            raise MemoryError
        return train(trainer, state, *args)

    monkeypatch.setattr(CohortTrainer, "train", small_machine)
    measurements = evaluator.evaluate(members(*MIXED), RUNG)
    assert sizes == [2, 2, 2, 1, 1]
    assert [one.outcome for one in measurements] == [Outcome.FINISHED] * 6
    assert [one.seed for one in measurements] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("task", "message"),
    [(FAMILIES["rope"].task, r"layers\[0\]\.memory_tokens: must be 0"), (FAMILIES["grid"].task, "causal: must be")],
)
def test_nothing_is_trained_if_one_member_does_not_fit(
    task: Any, message: str, trained: list[list[int]], proxy: ProxySettings
) -> None:
    training = TrainingSettings(num_steps=RUNG, batch_size=4, warmup_steps=1)
    sizes = replace(proxy, num_layers=2, token_shift=False)
    with pytest.raises(PatternError, match=message):
        ScratchEvaluator(task, sizes, training, data_seed=3, device="cpu").evaluate(members(*MIXED), RUNG)
    assert trained == []
