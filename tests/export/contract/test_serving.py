"""Heads and layers by the rules of serving libraries: each rule is kept, or broken with a refusal of its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.export import FORMATS
from nas.export.contract.heads import Refusal, Streaming
from nas.export.contract.serving import model_window, served_heads, served_layers
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from nas.patterns.serving import ServingRules
from tests.strategies import quick
from tests.supported_patterns import SUPPORTED, files_of

FULL, NEAR, SINKS = (Full(),), (Window(5),), (Window(5), Global(2))
STRICT = ServingRules()
RULED = [name for name, one in FORMATS.items() if one.rules is not None]


def _pattern(*layers, causal=True):
    return ModelPattern.of([tuple(HeadGroup(1, union) for union in heads) for heads in layers], causal=causal)


def test_layers_are_full_or_the_one_window():
    layers = served_layers(_pattern([FULL] * 2, [NEAR] * 2), STRICT, "own")
    assert layers == (Streaming(0, None), Streaming(0, 5))
    assert model_window(layers) == Streaming(0, 5)
    assert model_window(layers[:1]) == Streaming(0, None)


def test_every_head_has_its_place():
    rules = ServingRules(first_tokens=True, heads_differ=True, sizes_differ=True)
    pattern = _pattern([FULL, SINKS], [NEAR, FULL])
    assert served_heads(pattern, rules, "own") == (
        (Streaming(0, None), Streaming(2, 5)),
        (Streaming(0, 5), Streaming(0, None)),
    )


@pytest.mark.parametrize(
    ("rules", "pattern", "why"),
    [
        (STRICT, _pattern([FULL], causal=False), r"'causal: false' .* its attention is causal"),
        (STRICT, _pattern([NEAR, FULL]), r"'full' in layer 0, head 1 .* all heads of a layer must attend alike"),
        (STRICT, _pattern([FULL], [SINKS]), r"'global' in layer 1, head 0 .* one window per layer, without first"),
        (
            STRICT,
            _pattern([NEAR], [(Window(7),)]),
            r"'window' in layer 1, head 0 .* all streaming layers share one w",
        ),
        (
            ServingRules(first_tokens=True),
            _pattern([NEAR], [SINKS]),
            r"'window' in layer 1, head 0 .* all streaming layers share one number of first tokens and one window",
        ),
        (
            ServingRules(heads_differ=True),
            _pattern([NEAR, (Window(7),)]),
            r"'window' in layer 0, head 1 .* all streaming heads share one window",
        ),
        (
            ServingRules(least_full=1),
            _pattern([NEAR], [NEAR]),
            r"'window' in layer 1, head 0 .* at least 1 layer must have full attention",
        ),
    ],
)
def test_a_broken_rule_is_refused_with_its_place(rules, pattern, why):
    with pytest.raises(Refusal, match=f"own: cannot represent {why}"):
        served_heads(pattern, rules, "own")


def test_a_layer_that_is_full_in_some_heads_alone_does_not_count_as_full():
    rules = ServingRules(heads_differ=True, least_full=1)
    assert served_heads(_pattern([NEAR, FULL], [FULL, FULL]), rules, "own")
    with pytest.raises(Refusal, match="at least 1 layer"):
        served_heads(_pattern([NEAR, FULL]), rules, "own")


@pytest.mark.parametrize("name", RULED)
@quick
@given(st.data())
def test_the_rules_of_a_format_are_all_that_it_refuses_by(name, data):
    """A search by rules alone keeps to what the format writes: the rules and `write` refuse the same patterns."""
    pattern = data.draw(st.one_of(*(SUPPORTED[other] for other in RULED)))
    try:
        served_heads(pattern, FORMATS[name].rules, name)
    except Refusal as refusal:
        with pytest.raises(Refusal) as caught:
            files_of(name, pattern)
        assert str(caught.value) == str(refusal)
    else:
        assert files_of(name, pattern)
