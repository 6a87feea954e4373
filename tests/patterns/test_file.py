import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.errors import PatternError
from nas.patterns.file import MadeFor, load_made_for, load_pattern, parse_pattern, pattern_document, shared_pattern
from nas.patterns.model import POSITIONS, ModelPattern
from nas.patterns.primitives import PRIMITIVES
from nas.patterns.primitives.scale import CarryRules
from tests.strategies import patterns, quick

WINDOW = {"kind": "window", "before": 3}
SPOT = "layers[0].heads[0].attend[0]"

lengths = st.integers(1, 2**24)
carries = st.builds(
    MadeFor,
    num_tokens=lengths,
    carried_from=lengths,
    carry=st.builds(CarryRules, layers=st.sampled_from(["depth", "period"])),
)

POSITION_NAMES = ", ".join(POSITIONS)


def model(**changes):
    layer = {"heads": [{"count": 2, "attend": [WINDOW]}]}
    return {"schema": "nas.pattern/1", "causal": True, "layers": [layer]} | changes


def layer(**changes):
    return model(layers=[{"heads": [{"count": 2, "attend": [WINDOW]}]} | changes])


def group(**changes):
    return layer(heads=[{"count": 2, "attend": [WINDOW]} | changes])


def attend(*primitives):
    return group(attend=list(primitives))


def window(**changes):
    return attend(WINDOW | changes)


NO_SELF = 'Add {"kind": "window", "before": 0}, or a stride, block or full.'
KINDS = ", ".join(PRIMITIVES)

BAD = [
    ([], "pattern: must be an object, got []."),
    ("x", "pattern: must be an object, got 'x'."),
    (None, "pattern: must be an object, got None."),
    ({1: 2}, "1: unknown key; allowed: schema, causal, layers, position, grid, made_for, got '1'."),
    (model(schema="nas.pattern/2"), "schema: must be 'nas.pattern/1', got 'nas.pattern/2'."),
    (model(schema=float("nan")), "schema: must be 'nas.pattern/1', got nan."),
    (model(causal=1), "causal: must be true or false, got 1."),
    (model(causal=None), "causal: must be true or false, got None."),
    (model(position="rotary"), f"position: must be one of {POSITION_NAMES}, got 'rotary'."),
    (model(position=[]), f"position: must be one of {POSITION_NAMES}, got []."),
    (model(grid=[4]), "grid: must be null or [rows, columns], each from 1 to 4096, got [4]."),
    (model(grid=[True, 4]), "grid: must be null or [rows, columns], each from 1 to 4096, got [True, 4]."),
    (model(grid=[0, 4]), "grid: must be null or [rows, columns], each from 1 to 4096, got [0, 4]."),
    (
        model(layer=[]),
        "layer: unknown key; allowed: schema, causal, layers, position, grid, made_for, got 'layer'. "
        "Did you mean 'layers'?",
    ),
    ({"schema": "nas.pattern/1", "layers": []}, "pattern: must have the key 'causal', got ['layers', 'schema']."),
    (model(made_for=128), "made_for: must be an object, got 128."),
    (model(made_for={}), "made_for: must have the key 'num_tokens', got []."),
    (model(made_for={"num_tokens": 0}), "made_for.num_tokens: must be a whole number from 1 to 16777216, got 0."),
    (model(made_for={"num_tokens": True}), "made_for.num_tokens: must be a whole number from 1 to 16777216, got True."),
    (
        model(made_for={"num_tokens": 8, "carried_from": 2**40, "carry": {}}),
        "made_for.carried_from: must be a whole number from 1 to 16777216, got 1099511627776.",
    ),
    (
        model(made_for={"num_tokens": 8, "carried_from": 4}),
        "made_for.carry: must go with made_for.carried_from, got None.",
    ),
    (
        model(made_for={"num_tokens": 8, "carried_from": 4, "carry": {"window": ["share"]}}),
        "made_for.carry.window: must be one of share, tokens, got ['share'].",
    ),
    (
        model(made_for={"num_tokens": 8, "carried_from": 4, "carry": {"windows": "share"}}),
        "made_for.carry.windows: unknown key; allowed: window, first, stride, block, rank, memory, layers, got "
        "'windows'. Did you mean 'window'?",
    ),
    (model(layers=[]), "layers: must hold at least one layer, got []."),
    (model(layers={}), "layers: must be a list, got {}."),
    (model(layers=[3]), "layers[0]: must be an object, got 3."),
    (
        model(layers=[*layer()["layers"], *group(count=3)["layers"]]),
        "layers[1].heads: must count 2 heads, as layers[0] does, got 3. Change the counts of its groups.",
    ),
    (layer(memory_tokens=-8), "layers[0].memory_tokens: must be 0 or more, got -8."),
    (layer(memory_tokens=False), "layers[0].memory_tokens: must be a whole number, got False."),
    (
        layer(memory_tokens=8) | {"position": "learned"},
        "layers[0].memory_tokens: must be 0 with position: learned, which gives tokens of the previous segment no "
        "position, got 8.",
    ),
    (
        attend({"kind": "window", "before": 1, "after": 1}) | {"causal": False, "position": "alibi"},
        "position: must not be alibi unless the pattern is causal, got 'alibi'.",
    ),
    (
        attend({"kind": "low_rank", "rank": 4}),
        f"{SPOT}: must be in a pattern with causal: false, because a row of low_rank mixes all tokens, "
        "got 'causal: true'.",
    ),
    (
        attend({"kind": "low_rank", "rank": 4}) | {"causal": False, "position": "relative"},
        "position: must not be relative with low_rank, whose rows have no position, got 'relative'. "
        "Use rope, learned or none.",
    ),
    (
        attend({"kind": "low_rank", "rank": 4, "sharing": "none"}) | {"causal": False},
        f"{SPOT}.sharing: must be one of heads, key_value, layers, got 'none'.",
    ),
    (
        attend({"kind": "select", "block": 4, "blocks": 1}) | {"causal": False},
        f"{SPOT}: must be in a causal pattern, because select chooses among earlier blocks, got 'causal: false'.",
    ),
    (
        attend({"kind": "select", "block": 4, "blocks": 1}, WINDOW),
        "layers[0].heads[0].attend: must hold select alone, or only masks, got ['select', 'window']. "
        "Give select a head group of its own.",
    ),
    (
        attend({"kind": "tile", "height": 2, "width": 2}),
        f"{SPOT}: must be in a pattern with a grid, because tile is two-dimensional, got None. "
        'Give the pattern "grid": [rows, columns].',
    ),
    (
        attend({"kind": "stripe", "axis": "rows", "width": 2}) | {"grid": [2, 2]},
        f"{SPOT}.axis: must be row or column, got 'rows'.",
    ),
    (
        attend({"kind": "neighborhood", "height": 2, "width": 3}) | {"grid": [2, 2]},
        f"{SPOT}.height: must be odd, with the query in the middle, got 2.",
    ),
    (layer(heads=[]), "layers[0].heads: must hold at least one head group, got []."),
    (layer(heads=None), "layers[0].heads: must be a list, got None."),
    (group(count=0), "layers[0].heads[0].count: must be 1 or more, got 0."),
    (group(count=True), "layers[0].heads[0].count: must be a whole number, got True."),
    (group(count=2.0), "layers[0].heads[0].count: must be a whole number, got 2.0."),
    (group(count=70_000), "layers[0].heads[0].count: must be 512 or less, got 70000."),
    (
        layer(heads=2 * [{"count": 512, "attend": [WINDOW]}]),
        "layers[0].heads: must count at most 512 heads, got 1024.",
    ),
    (layer(heads=513 * [{}]), "layers[0].heads: must hold at most 512 entries, got 513."),
    (model(layers=513 * [{}]), "layers: must hold at most 512 entries, got 513."),
    (attend(*65 * [{}]), "layers[0].heads[0].attend: must hold at most 64 entries, got 65."),
    (
        attend(WINDOW, {"kind": "random", "block": 1, "blocks": 64}),
        "layers[0].heads[0].attend: must hold at most 64 primitives, each random block counted as one, got 65.",
    ),
    (model(grid=[4, 4097]), "grid: must be null or [rows, columns], each from 1 to 4096, got [4, 4097]."),
    (group(attend=WINDOW), "layers[0].heads[0].attend: must be a list, got {'kind': 'window', 'before': 3}."),
    (attend(), f"layers[0].heads[0].attend: must let every query see itself, got []. {NO_SELF}"),
    (
        attend({"kind": "global", "first": 4}),
        f"layers[0].heads[0].attend: must let every query see itself, got ['global']. {NO_SELF}",
    ),
    (attend("window"), f"{SPOT}: must be an object with a kind, got 'window'."),
    (attend({"before": 3}), f"{SPOT}: must be an object with a kind, got {{'before': 3}}."),
    (
        attend({"kind": "windw"}),
        f"{SPOT}.kind: unknown kind; allowed: {KINDS}, got 'windw'. Did you mean 'window'?",
    ),
    (attend({"kind": 3}), f"{SPOT}.kind: unknown kind; allowed: {KINDS}, got '3'."),
    (attend({"kind": "window"}), f"{SPOT}: must have the key 'before', got ['kind']."),
    (
        window(befor=3),
        f"{SPOT}.befor: unknown key; allowed: kind, before, after, dilation, got 'befor'. Did you mean 'before'?",
    ),
    (window(before=-4), f"{SPOT}.before: must be 0 or more, got -4."),
    (window(before=True), f"{SPOT}.before: must be a whole number, got True."),
    (window(before="3"), f"{SPOT}.before: must be a whole number, got '3'."),
    (window(before=float("nan")), f"{SPOT}.before: must be a whole number, got nan."),
    (window(before=2**31), f"{SPOT}.before: must be 2147483647 or less, got 2147483648."),
    (window(dilation=0), f"{SPOT}.dilation: must be 1 or more, got 0."),
    (
        attend(WINDOW, {"kind": "global", "first": 1, "last": 1}),
        "layers[0].heads[0].attend[1].last: must be 0 in a causal pattern, got 1. Use first, or set causal to false.",
    ),
]


def test_equal_documents_share_their_pattern_while_it_is_in_use():
    kept = shared_pattern(model())
    assert shared_pattern(json.loads(json.dumps(model()))) is kept
    for other in (model(position="none"), model(causal=False), layer(memory_tokens=4)):
        assert shared_pattern(other) == parse_pattern(other) != kept


@pytest.mark.parametrize("odd", [True, 1.0])
def test_what_equals_a_good_document_in_python_alone_is_refused(odd):
    kept = shared_pattern(group(count=1))
    assert kept.num_heads == 1
    with pytest.raises(PatternError, match="count"):
        shared_pattern(group(count=odd))


@pytest.mark.parametrize(("document", "message"), BAD)
def test_bad_documents_are_named(document, message, tmp_path):
    with pytest.raises(PatternError) as caught:
        parse_pattern(document)
    assert str(caught.value) == message
    if document == {1: 2}:
        return  # JSON has no such key
    file = tmp_path / "pattern.json"
    file.write_text(json.dumps(document))
    with pytest.raises(PatternError) as caught:
        load_pattern(file)
    assert str(caught.value) == f"{file}: {message}"


@given(patterns(computing=True) | patterns((3, 4), computing=True))
@quick
def test_what_is_written_is_read_back(pattern):
    assert load_pattern(json.loads(json.dumps(pattern.to_dict()))) == pattern


@given(patterns(), st.none() | st.builds(MadeFor, num_tokens=lengths) | carries)
@quick
def test_what_it_was_made_for_is_read_back_and_is_no_part_of_the_pattern(pattern, made_for):
    document = json.loads(json.dumps(pattern_document(pattern, made_for)))
    assert load_made_for(document) == made_for
    assert load_pattern(document) == pattern and load_pattern(document).to_dict() == pattern.to_dict()
    assert list(document)[-1] == "layers", "the facts come first, for people who read it"


def test_a_file_says_what_it_was_made_for(tmp_path):
    file = tmp_path / "pattern.json"
    file.write_text(json.dumps(model(made_for={"num_tokens": 128})))
    assert load_made_for(file) == MadeFor(num_tokens=128)
    file.write_text(json.dumps(model(made_for={})))
    with pytest.raises(PatternError, match=r"pattern\.json: made_for: must have the key 'num_tokens'"):
        load_made_for(file)


def test_a_file_is_read(tmp_path):
    file = tmp_path / "pattern.json"
    file.write_text(json.dumps(model()))
    assert load_pattern(file) == load_pattern(str(file)) == load_pattern(model())
    assert isinstance(load_pattern(file), ModelPattern)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfe", "must hold JSON"),
        (b"{", "must hold JSON"),
        (b"1" * 5_000, "must hold JSON"),
        (b"", "must hold JSON"),
    ],
)
def test_files_that_are_no_json(content, expected, tmp_path):
    file = tmp_path / "pattern.json"
    file.write_bytes(content)
    with pytest.raises(PatternError, match=expected) as caught:
        load_pattern(file)
    assert str(caught.value).startswith(f"{file}: ") and "\n" not in str(caught.value)


def test_places_that_are_no_files(tmp_path):
    for place in (tmp_path, tmp_path / "missing.json"):
        with pytest.raises(PatternError, match="must be a readable pattern file"):
            load_pattern(place)


@pytest.mark.parametrize("depth", [*range(900, 1_000, 3), 100_000])
def test_huge_nesting_is_one_line(depth, tmp_path):
    file = tmp_path / "pattern.json"
    file.write_text('{"schema": "nas.pattern/1", "layers": [], "causal": ' + "[" * depth + "]" * depth + "}")
    with pytest.raises(PatternError) as caught:
        load_pattern(file)
    assert len(str(caught.value)) < 300
