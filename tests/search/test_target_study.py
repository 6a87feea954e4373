"""A study for a target: its proxy is trained on what patterns are at its length, and its front is the target's."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.costs.counting import count_cost
from nas.costs.target import Target
from nas.export.selection.choose import choose_trial
from nas.patterns.model import ModelPattern
from nas.patterns.primitives.scale import CarryRules
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings
from nas.results.measurement import Measurement
from nas.results.trial import TrialState
from nas.search.problem.problem import Problem
from nas.search.problem.transfer import make_transfer
from nas.search.storage.study_folder import StudyFolder
from nas.space.load import load_space
from tests.toy_study import SHAPE, FakeExecutor, StartStudy, Stop, pretended

LONG = Target(
    name="long", num_tokens=4096, num_layers=6, num_heads=16, num_kv_heads=8, d_model=256, d_head=16, d_mlp=512
)


@pytest.fixture
def aimed(problem: Problem) -> Problem:
    """The toy problem, meant for a target that is 64 times as long."""
    transfer = make_transfer(LONG, ProxySettings(num_layers=2, num_heads=4), SHAPE.num_tokens, CarryRules())
    shape = replace(SHAPE, num_tokens=LONG.num_tokens, grain=transfer.grain)
    backbone = replace(problem.backbone, shape=shape, transfer=transfer)
    full = count_cost(backbone.meant(problem.baselines["full"]), LONG)
    return replace(problem, backbone=backbone, target=LONG, full_cost=full)


def test_the_front_is_the_targets_and_what_is_trained_the_proxys(
    start: StartStudy, aimed: Problem, tmp_path: Path
) -> None:
    trained: set[ModelPattern] = set()

    def measure(member: Member, task: str, rung: int) -> Measurement:
        trained.add(member.pattern)
        return pretended(member, task, rung)

    front = start(tmp_path / "toy", FakeExecutor(measure=measure), with_problem=aimed, num_trials=12)
    trials = StudyFolder(tmp_path / "toy").trials()
    assert {(one.num_layers, one.num_heads) for one in trained} == {(2, 4)}
    assert trained == {trial.proxy_pattern for trial in trials if trial.measurements}
    for entry in (*front.points, *front.baselines):
        assert (entry.pattern.num_layers, entry.pattern.num_heads) == (6, 16)
        assert entry.proxy_pattern and entry.pattern == aimed.backbone.meant(entry.proxy_pattern)
        assert entry.cost == count_cost(entry.pattern, LONG) and entry.cost.num_tokens == 4096
    assert (front.provenance.num_tokens, front.provenance.pattern_tokens) == (64, 4096)
    assert front.provenance.carry == CarryRules()
    other = next(trial for trial in trials if trial.number not in {one.trial for one in front.points} and trial.pattern)
    point = choose_trial(front, other.number, trials)
    assert point.pattern.num_layers == 6 and point.trained_pattern.num_layers == 2


def test_without_a_target_there_is_one_form(start: StartStudy, tmp_path: Path) -> None:
    front = start(tmp_path / "toy", FakeExecutor(), num_trials=2)
    assert front.provenance.pattern_tokens == 64 and front.provenance.carry is None
    assert all(entry.proxy_pattern is None for entry in (*front.points, *front.baselines))


def test_what_the_proxy_cannot_tell_apart_is_not_trained_twice(
    start: StartStudy, aimed: Problem, tmp_path: Path
) -> None:
    """1,000 and 1,024 keys of 4,096 are both 16 of 64."""
    options = {"window_tokens": [1000, 1024], "num_global_tokens": [0], "dilation": [1], "num_second_heads": [0]}
    alike = replace(aimed, space=load_space("search_spaces.hybrid:Hybrid", options))
    start(tmp_path / "toy", FakeExecutor(), with_problem=alike, num_trials=6, sampler="random")
    sampled = [trial for trial in StudyFolder(tmp_path / "toy").trials() if trial.baseline is None]
    widths = {trial.params[name] for trial in sampled for name in trial.params if name.endswith("window_tokens")}
    assert widths == {1000, 1024}
    assert [trial.state for trial in sampled].count(TrialState.FINISHED) == 1
    assert {trial.state for trial in sampled} == {TrialState.FINISHED, TrialState.DUPLICATE}


def test_stopped_anywhere_it_comes_out_the_same(start: StartStudy, aimed: Problem, tmp_path: Path) -> None:
    start(tmp_path / "whole", FakeExecutor(), with_problem=aimed, num_trials=8)
    for stop_after in (1, 9):
        with pytest.raises(Stop):
            start(tmp_path / f"{stop_after}", FakeExecutor(stop_after=stop_after), with_problem=aimed, num_trials=8)
        start(tmp_path / f"{stop_after}", FakeExecutor(), with_problem=aimed, num_trials=8)
        fronts = [(tmp_path / name / "front.json").read_bytes() for name in ("whole", f"{stop_after}")]
        assert fronts[0] == fronts[1]
