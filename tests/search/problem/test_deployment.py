"""`deployable_by`: which targets there are, what is refused, and spaces that offer nothing else."""

import logging
from pathlib import Path
from typing import Any

import pytest

from nas.config.load import load_settings
from nas.errors import InputError
from nas.export import FORMATS
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from nas.patterns.serving import ServingRules
from nas.search.problem.deployment import RULES, Deployment, UndeployableError, deployment
from nas.search.problem.problem import Problem, make_problem
from nas.search.settings import SpaceSettings, StudySettings
from nas.space.random_suggester import RandomSuggester
from nas.tasks.language.text import TextSettings
from nas.tasks.synthetic.recall import RecallSettings
from tests.supported_patterns import files_of

TASK = RecallSettings(num_tokens=32, validation_sequences=1)
STREAMING = SpaceSettings(attribute="search_spaces.streaming:Streaming")


def _layers(*unions):
    return ModelPattern.of([(HeadGroup(2, union),) for union in unions])


def test_one_name_or_several_or_none():
    assert deployment(None) == Deployment() and deployment([]).rules is None
    assert deployment("vllm") == deployment(["vllm"]) == Deployment(("vllm",))
    assert deployment(["swaa", "mlx-lm"]).rules == ServingRules(least_full=1)


def test_every_target_is_a_format_that_refuses_by_rules():
    assert (
        {"vllm", "sglang", "mlx-lm", "gguf", "megatron-core", "swaa", "tensorrt-llm"} <= RULES.keys() <= FORMATS.keys()
    )


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("vlm", r"^deployable_by: unknown target; allowed: .*vllm.*, got 'vlm'\. Did you mean 'vllm'\?"),
        ("flex", r"^deployable_by: unknown target"),
        (["vllm", "vllm"], r"^deployable_by: must hold no target twice"),
    ],
)
def test_a_wrong_name_is_told(names, message):
    with pytest.raises(InputError, match=message):
        deployment(names)


def test_what_one_target_cannot_represent_is_refused_in_its_words():
    both = deployment(["swaa", "vllm"])
    assert both.allows(_layers((Full(),), (Window(3),)))
    sinks = _layers((Full(),), (Window(3), Global(1)))
    assert deployment("swaa").allows(sinks) and not both.allows(sinks)
    with pytest.raises(
        UndeployableError, match=r"^deployable_by: vllm: cannot represent 'global' in layer 1, .*, got '"
    ):
        both.check(sinks)


def _problem(**settings: Any) -> Problem:
    values: dict[str, Any] = {"task": TASK, "space": STREAMING} | settings
    return make_problem(StudySettings(**values))


@pytest.mark.parametrize("names", [*RULES, ["vllm", "mlx-lm", "swaa"]], ids=str)
@pytest.mark.parametrize("space", ["streaming:Streaming", "local_global:LocalGlobal"])
def test_a_space_that_keeps_to_the_rules_draws_nothing_in_vain(names, space):
    problem = _problem(deployable_by=names, space=SpaceSettings(attribute=f"search_spaces.{space}"))
    patterns = [problem.sample(RandomSuggester(seed)) for seed in range(60)]
    assert len({pattern.id for pattern in patterns}) >= 7, "two layers of 32 tokens have no more under some rules"
    for pattern in [*patterns, *problem.baselines.values()]:
        for name in problem.deployment.names:
            assert files_of(name, pattern)


def test_baselines_that_a_target_cannot_represent_are_left_out_and_named(caplog):
    with caplog.at_level(logging.WARNING):
        problem = _problem(deployable_by="vllm")
    assert list(problem.baselines) == ["full", "local_global"]
    assert "Left out, as vllm cannot represent them: streaming, retrieval_streaming." in caplog.text
    assert list(_problem().baselines) == ["full", "streaming", "retrieval_streaming", "local_global"]


def test_patterns_are_judged_as_they_are_meant_for_the_target():
    words = ["target=llama-3.1-8b-32k", "space=streaming", "deployable_by=mlx-lm", f"task.path={Path(__file__).parent}"]
    [settings] = load_settings(words)
    problem = make_problem(settings)
    for seed in range(20):
        meant = problem.meant(problem.sample(RandomSuggester(seed)), None)
        assert meant.num_layers == 32 and files_of("mlx-lm", meant)


def test_a_space_that_offers_hardly_anything_is_refused_with_what_to_do():
    per_head = SpaceSettings(attribute="search_spaces.per_head:PerHead")
    message = (
        r"^space: must offer what vllm and swaa can represent, at least in 25 of 100 draws, got \d\. "
        r"The last one was refused: vllm: cannot represent .* Use space=hybrid, which offers nothing else\.$"
    )
    with pytest.raises(InputError, match=message):
        _problem(deployable_by=["vllm", "swaa"], space=per_head)


def test_options_can_narrow_a_space_to_what_a_target_represents():
    tabular = "search_spaces.tabular:Tabular"
    with pytest.raises(InputError, match=r"^space: must offer what mlx-lm can represent"):
        _problem(deployable_by="mlx-lm", space=SpaceSettings(attribute=tabular))
    narrow = {"window_tokens": [8, 32], "second_kind": ["none"], "num_global_tokens": [0]}
    assert _problem(deployable_by="mlx-lm", space=SpaceSettings(attribute=tabular, options=narrow))


@pytest.mark.parametrize(
    ("space", "options", "message"),
    [
        (
            "streaming:Streaming",
            {"num_sinks": [4]},
            r"^space\.options\.num_sinks: must hold 0, as a target has no first",
        ),
        (
            "streaming:Streaming",
            {"window_tokens": [32]},
            r"^space\.options\.window_tokens: must hold a width below 32, g",
        ),
        (
            "local_global:LocalGlobal",
            {"local_kind": ["block"]},
            r"^space\.options\.local_kind: must hold window, as no",
        ),
    ],
)
def test_options_that_leave_nothing_are_told(space, options, message):
    with pytest.raises(InputError, match=message):
        _problem(deployable_by="vllm", space=SpaceSettings(attribute=f"search_spaces.{space}", options=options))


def test_a_model_whose_windows_a_target_drops_is_refused():
    message = r"^checkpoint: must be a model whose windows mlx-lm reads; it drops .*, got 'qwen3'"
    with pytest.raises(InputError, match=message):
        deployment(["vllm", "mlx-lm"]).check_model("qwen3")
    deployment(["vllm", "mlx-lm"]).check_model("llama")


def test_a_bidirectional_task_is_refused():
    with pytest.raises(InputError, match=r"^deployable_by: needs a causal task, got 'a bidirectional one'"):
        _problem(
            task=TextSettings(prediction="masked", num_tokens=32, path=str(Path(__file__).parent)),
            space=SpaceSettings(),
            deployable_by="vllm",
        )
