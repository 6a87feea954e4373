from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Stride, Window
from nas.tracking.runs.flatten import flatten_pattern, flatten_settings, nested, plain_name

PATTERN = ModelPattern.of(
    [
        (HeadGroup(3, (Window(127), Window(8, dilation=4), Global(2))), HeadGroup(1, (Stride(16),))),
        (HeadGroup(4, (Full(),)),),
    ]
)


def test_every_parameter_has_a_name_of_its_own():
    flat = flatten_pattern(PATTERN)
    assert flat["layer0.group0.count"] == 3
    assert flat["layer0.group0.attend"] == "window+window+global"
    assert flat["layer0.group0.window.before"] == 127
    assert (flat["layer0.group0.window2.before"], flat["layer0.group0.window2.dilation"]) == (8, 4)
    assert flat["layer0.group1.stride.every"] == 16
    assert flat["layer1.group0.attend"] == "full"
    assert flat["pattern.causal"] is True


def test_a_memory_is_named():
    pattern = ModelPattern.of([(HeadGroup(2, (Full(),)),)] * 2, memory_tokens=[0, 16], position="relative")
    flat = flatten_pattern(pattern)
    assert (flat["layer0.memory_tokens"], flat["layer1.memory_tokens"]) == (0, 16)
    assert flat["pattern.position"] == "relative"


def test_settings_flatten_to_dotted_names():
    nested = {"seed": 1, "proxy": {"num_layers": 2}, "objectives": ["quality", "flops"], "target": None, "empty": {}}
    assert flatten_settings(nested) == {
        "seed": 1,
        "proxy.num_layers": 2,
        "objectives": ["quality", "flops"],
        "target": None,
    }


def test_names_become_paths():
    assert nested({"seed": 1, "task.name": "text", "task.num_tokens": 64}) == {
        "seed": 1,
        "task": {"name": "text", "num_tokens": 64},
    }


def test_a_name_below_one_with_a_value_stays_dotted():
    assert nested({"a.b.c": 3, "a": 1, "a.b": 2}) == {"a": 1, "a.b": 2, "a.b.c": 3}


@given(st.dictionaries(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(".".join), st.integers()))
def test_no_value_is_lost(flat):
    def leaves(tree, path=()):
        for name, value in tree.items():
            yield from leaves(value, (*path, name)) if isinstance(value, dict) else [(".".join((*path, name)), value)]

    found = list(leaves(nested(flat)))
    assert len(found) == len(flat) and dict(found) == flat


def test_columns_have_no_dots():
    assert plain_name("layer0.window") == "layer0_window"
