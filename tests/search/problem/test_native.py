"""The native pattern of a target as a baseline: its kinds of layers in the proxy, itself in the front."""

import logging

import pytest

from nas.config.load import load_settings
from nas.costs.counting import count_cost
from nas.costs.native import native_pattern
from nas.patterns.primitives import Full, Window
from nas.search.problem.problem import Problem, make_problem
from nas.search.settings import ConstraintSettings
from nas.search.trial_store import TrialStore
from tests.toy_study import enter


def problem(*words: str) -> Problem:
    (settings,) = load_settings(["space=streaming", "task=text", "task.validation_sequences=1", *words])
    return make_problem(settings)


def test_the_proxy_has_its_layers_and_the_front_the_model_itself() -> None:
    """OLMo 3: three layers of 4,096 keys, then a full one; 16 keys of the proxy's 128."""
    found = problem("target=olmo-3-7b-32k", "proxy.num_layers=4")
    trained = [layer.heads[0].attend[0] for layer in found.baselines["native"].layers]
    assert trained == [Window(15), Window(15), Window(15), Full()]
    store = TrialStore(found, ConstraintSettings(), (100,))
    trial = enter(store, found.baselines["native"], "native")
    assert trial.pattern == native_pattern(found.target) and trial.pattern.num_layers == 32
    assert trial.proxy_pattern == found.baselines["native"]
    assert trial.cost == count_cost(trial.pattern, found.target)


def test_a_file_that_lists_every_layer_has_the_same_period() -> None:
    """As a config.json does, whose last period may be cut."""
    every = "target.native_windows=[" + ",".join(["4096,4096,4096,null"] * 7 + ["4096,4096"]) + "]"
    found = problem("target=olmo-3-7b-32k", "target.num_layers=30", every, "proxy.num_layers=4")
    assert found.baselines["native"] == problem("target=olmo-3-7b-32k", "proxy.num_layers=4").baselines["native"]
    assert found.native is not None and found.native.num_layers == 30


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("target=olmo-3-7b-32k", "proxy.num_layers=2"), "its layers repeat every 4, which does not divide"),
        (("target=gpt-oss-20b-32k", "task.num_tokens=128"), "must be 384 or more, to be 2 or more at 128 tokens"),
    ],
)
def test_a_proxy_without_room_for_it_says_so(
    words: tuple[str, ...], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert "native" not in problem(*words).baselines
    assert f"The native pattern of {words[0].removeprefix('target=')} is no baseline here" in caplog.text
    assert reason in caplog.text


@pytest.mark.parametrize("words", [(), ("target=llama-3-8b-32k",)])
def test_full_attention_is_a_baseline_already(words: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> None:
    assert "native" not in problem(*words).baselines and not caplog.records
