"""One choice in two forms: the proxy's, which is trained, and the target's, which is meant."""

from dataclasses import replace
from typing import Any

import pytest

from nas.config.load import load_settings
from nas.costs.counting import count_cost
from nas.costs.target import Target
from nas.errors import InputError, NasError, PatternError
from nas.patterns.carry import carried
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Window
from nas.patterns.primitives.scale import CarryRules
from nas.patterns.stretch import stretched
from nas.proxy.settings import ProxySettings
from nas.search.problem.problem import Problem, make_problem
from nas.search.problem.transfer import Transfer, make_transfer
from nas.space.random_suggester import RandomSuggester

PROXY = ProxySettings(num_layers=2, num_heads=4, d_model=32)
LONG = Target(
    name="long", num_tokens=4096, num_layers=6, num_heads=16, num_kv_heads=8, d_model=256, d_head=16, d_mlp=512
)
DECODER_SPACES = (
    "bigbird", "everything", "hybrid", "local_global", "longformer", "parallel", "per_head", "serial",
    "sparse_transformer", "streaming", "tabular", "transformer_xl", "uniform",
)  # fmt: skip


def transfer(**changes: Any) -> Transfer:
    return make_transfer(replace(LONG, **changes), PROXY, 64, CarryRules())


def alone(*groups: HeadGroup) -> ModelPattern:
    return ModelPattern.of([groups] * 2)


def test_a_pattern_of_the_proxy_is_meant_for_all_of_the_target() -> None:
    split = alone(HeadGroup(1, (Full(),)), HeadGroup(3, (Window(7),)))
    meant = transfer().meant(split)
    assert (meant.num_layers, meant.num_heads) == (6, 16)
    assert meant.layers[5].heads == (HeadGroup(4, (Full(),)), HeadGroup(12, (Window(511),)))
    assert transfer().trained(carried(split, 64, 4096)[0]) == split


@pytest.mark.parametrize(("num_kv_heads", "parts"), [(8, 4), (16, 4), (2, 2), (1, 1)])
def test_query_heads_that_share_a_kv_head_attend_alike(num_kv_heads: int, parts: int) -> None:
    assert transfer(num_kv_heads=num_kv_heads).num_parts == parts


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_tokens": 32}, r"target\.num_tokens: must be a multiple of task\.num_tokens \(64\).*got 32"),
        ({"num_tokens": 100}, r"target\.num_tokens: must be a multiple of task\.num_tokens \(64\).*got 100"),
        ({"num_layers": 1}, r"target\.num_layers: must be proxy\.num_layers \(2\) or more, got 1"),
        ({"num_heads": 2, "num_kv_heads": 2}, r"target\.num_heads: must be proxy\.num_heads \(4\) or more, got 2"),
    ],
)
def test_a_target_smaller_than_its_proxy_is_refused(changes: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        transfer(**changes)


def problem(space: str, *words: str) -> Problem:
    (settings,) = load_settings(
        [f"space={space}", "task=text", "task.num_tokens=128", "task.validation_sequences=1", *words]
    )
    return make_problem(settings)


@pytest.mark.parametrize("space", DECODER_SPACES)
def test_every_space_offers_sizes_of_the_target_that_its_proxy_can_tell_apart(space: str) -> None:
    """What is sampled, what is trained and what is meant are one choice: nothing is rounded on the way."""
    found = problem(space, "target=llama-3-8b-32k")
    assert (found.shape.num_tokens, found.shape.grain, found.backbone.num_tokens) == (32768, 256, 128)
    made = 0
    for draw in range(40):
        try:
            sampled = found.space.sample(RandomSuggester(draw), found.shape)
            pattern = found.sample(RandomSuggester(draw))
        except PatternError:
            continue  # not a valid pattern at any length
        made += 1
        meant = found.backbone.meant(pattern)
        assert meant.canonical() == stretched(sampled, 32, 32).canonical()
        if draw % 4 == 0:  # equal patterns, whose many layers take long to count
            assert found.cost(pattern) == count_cost(sampled, found.target)
    assert made >= 20


def test_without_a_target_nothing_is_carried() -> None:
    own = problem("hybrid")
    pattern = own.sample(RandomSuggester(0))
    assert own.backbone.meant(pattern) is pattern and own.shape.grain == 1 and own.backbone.transfer is None


def test_baselines_are_those_of_the_proxy_as_they_are_meant() -> None:
    own, target = problem("hybrid"), problem("hybrid", "target=llama-3-8b-32k")
    assert own.baselines == target.baselines
    sliding = target.backbone.meant(target.baselines["longformer"])
    assert sliding.num_layers == 32 and target.full_cost.num_tokens == 32768


def test_layers_of_the_target_alternate_where_that_is_the_rule() -> None:
    found = problem("hybrid", "target=llama-3-8b-32k", "carry.layers=period")
    narrow, full = found.baselines["local_global"].layers
    assert narrow.heads != full.heads
    meant = found.backbone.meant(found.baselines["local_global"])
    assert [layer.heads == (HeadGroup(32, (Full(),)),) for layer in meant.layers] == [False, True] * 16
    blocks = problem("hybrid", "target=llama-3-8b-32k").backbone.meant(found.baselines["local_global"])
    assert count_cost(meant, found.target) == count_cost(blocks, found.target)


def test_options_are_tokens_of_the_target() -> None:
    found = problem("streaming", "target=llama-3-8b-32k", "space.options.window_tokens=[1024,4096]")
    widths = set()
    for draw in range(20):
        (group,) = found.sample(RandomSuggester(draw)).layers[0].heads
        widths |= {one.before + 1 for one in group.attend if isinstance(one, Window)}
    assert widths == {4, 16}


def test_an_option_that_comes_to_nothing_is_refused_before_the_search() -> None:
    with pytest.raises(NasError, match=r"before: must be 384 or more, to be 2 or more at 128 tokens, got 256"):
        problem("streaming", "target=llama-3-8b-32k", "space.options.window_tokens=[256]")


def test_the_ends_of_the_target_are_apart_where_that_is_the_rule() -> None:
    found = problem("hybrid", "target=llama-3-8b-32k", "carry.layers=ends", "proxy.num_layers=4")
    layers = found.baselines["local_global"].layers
    meant = found.backbone.meant(found.baselines["local_global"]).layers
    full = [layer.heads == (HeadGroup(32, (Full(),)),) for layer in meant]
    assert len(full) == 32 and (full[0], full[-1]) == (layers[0].heads == layers[1].heads, True)
    assert full[1:-1] == [layers[1].heads == layers[3].heads] * 15 + [layers[2].heads == layers[3].heads] * 15
    with pytest.raises(InputError, match=r"^carry\.layers: must be depth or period for a proxy of fewer than 3 layers"):
        problem("hybrid", "target=llama-3-8b-32k", "carry.layers=ends")
