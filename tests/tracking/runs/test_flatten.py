from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Stride, Window
from nas.tracking.runs.flatten import flatten_pattern, flatten_settings

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
