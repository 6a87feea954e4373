import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.patterns.file import load_pattern
from nas.patterns.label import label, label_key, label_lines, label_note
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import (
    PRIMITIVES,
    Block,
    Columns,
    Full,
    Global,
    LowRank,
    Neighborhood,
    Primitive,
    Random,
    Select,
    Stride,
    Stripe,
    Tile,
    Window,
)
from nas.patterns.stretch import stretched
from tests.strategies import patterns, quick

LOCAL, SPLIT = (HeadGroup(4, (Window(15),)),), (HeadGroup(2, (Window(63), Global(4))), HeadGroup(2, (Full(),)))

some_patterns = patterns(computing=True) | patterns((3, 4), computing=True)
repeated = st.builds(stretched, some_patterns, st.integers(1, 9), st.integers(1, 4), st.just("period"))


def one_head(*attend: Primitive, **more) -> ModelPattern:
    return ModelPattern.of([(HeadGroup(1, attend),)], **more)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (ModelPattern.of([LOCAL, SPLIT]), "L0 4x w16 | L1 2x full, 2x w64+g4"),
        (ModelPattern.of([LOCAL] * 4 + [SPLIT, LOCAL]), "L0-3,5 4x w16 | L4 2x full, 2x w64+g4"),
        (ModelPattern.of([LOCAL, SPLIT] * 2), "L0,2 4x w16 | L1,3 2x full, 2x w64+g4"),
        (ModelPattern.of([LOCAL, SPLIT] * 3), "L0-4/2 4x w16 | L1-5/2 2x full, 2x w64+g4"),
        (ModelPattern.of(([LOCAL] * 5 + [SPLIT]) * 3), "L0-4,6-10,12-16 4x w16 | L5-17/6 2x full, 2x w64+g4"),
        (ModelPattern.of([LOCAL, LOCAL], memory_tokens=[0, 32]), "L0 4x w16 | L1 4x w16, mem32"),
        (ModelPattern.of([LOCAL], position="alibi"), "L0 4x w16 | pos alibi"),
        (one_head(Window(3), Window(2), Block(4), Stride(4), Stride(8)), "L0 1x w4+s4"),
        (one_head(Window(3, 9)), "L0 1x w4"),
        (one_head(Window(8, 8, 2), Global(4, 2), causal=False), "L0 1x w8/8d2+g4/2 | bidir"),
        (one_head(Tile(4, 4), causal=False, grid=(8, 8), position="none"), "L0 1x t4x4 | bidir | grid 8x8 | pos none"),
        (
            ModelPattern.of([(HeadGroup(1, (Window(3), Random(4, 2))), HeadGroup(1, (Full(),)))]),
            "L0 1x w4+r2x4, 1x full",
        ),
    ],
)
def test_labels(pattern: ModelPattern, expected: str) -> None:
    assert label(pattern) == expected


def test_lines_break_between_layers_and_inside_one_only_where_it_is_too_long() -> None:
    pattern = ModelPattern.of([LOCAL, SPLIT, (HeadGroup(4, (Window(7),)),)])
    assert label_lines(pattern, 80) == ["L0 4x w16 | L1 2x full, 2x w64+g4 | L2 4x w8"]
    assert label_lines(pattern, 35) == ["L0 4x w16 | L1 2x full, 2x w64+g4 |", "L2 4x w8"]
    assert label_lines(pattern, 34) == ["L0 4x w16 |", "L1 2x full, 2x w64+g4 | L2 4x w8"]
    assert label_lines(pattern, 19) == ["L0 4x w16 |", "L1 2x full,", "2x w64+g4 |", "L2 4x w8"]
    assert label_lines(pattern, 1) == ["L0 4x w16 |", "L1 2x full,", "2x w64+g4 |", "L2 4x w8"]


@given(some_patterns)
@quick
def test_a_label_is_one_line_of_ascii_and_the_same_for_all_spellings(pattern: ModelPattern) -> None:
    text = label(pattern)
    assert text.isascii() and text.isprintable()
    assert label(pattern.canonical()) == text
    assert label(load_pattern(pattern.to_dict())) == text


@given(some_patterns | repeated)
@quick
def test_a_label_can_be_read_back(pattern: ModelPattern) -> None:
    """So no two canonical patterns share one."""
    assert read(label(pattern)) == pattern.canonical()
    if pattern.causal:
        counted = ModelPattern(pattern.layers, position="alibi")
        assert read(label(counted)) == counted.canonical()


@given(some_patterns, st.integers(1, 100))
@quick
def test_lines_lose_nothing_and_are_filled(pattern: ModelPattern, width: int) -> None:
    lines = label_lines(pattern, width)
    assert " ".join(lines) == label(pattern)
    for line in lines:
        assert len(line) <= width or re.fullmatch(r"(L\S+ )?(\d+x \S+|mem\d+,?|(grid|pos) \S+|bidir)( \|)?", line)
    for line, following in pairwise(lines):
        assert line.endswith((" |", ","))
        assert len(f"{line} {following}") > width


@pytest.mark.parametrize(
    ("layers", "form", "words"),
    [
        ([LOCAL] * 16, "L0-15 4x", "4 heads in each of layers 0-15"),
        ([SPLIT, LOCAL, SPLIT], "L0,2 2x", "2 heads in each of layers 0,2"),
        ([LOCAL, SPLIT] * 3, "L0-4/2 4x", "4 heads in each of layers 0-4, every 2nd"),
        ([(HeadGroup(1, (Full(),)),)], "L0 1x", "1 head in layer 0"),
    ],
)
def test_a_key_begins_with_the_first_heads(layers, form: str, words: str) -> None:
    assert next(iter(label_key([ModelPattern.of(layers)]).items())) == (form, words)


def test_a_key_has_each_form_once_and_says_nothing_of_full() -> None:
    patterns = [ModelPattern.of([LOCAL, SPLIT]), one_head(Window(15, dilation=2), Global(1))]
    assert label_key(patterns) == {
        "L0 4x": "4 heads in layer 0",
        "w16": "window of 16 keys",
        "g4": "first 4 tokens global",
        "w16d2": "window of 16 keys, every 2nd",
    }


def test_a_note_is_the_key_in_one_sentence() -> None:
    assert label_note([one_head(Window(7))]) == "Patterns: L0 1x = 1 head in layer 0; w8 = window of 8 keys."
    assert label_note([]) == ""


@given(some_patterns)
@quick
def test_a_key_explains_every_form_of_a_label(pattern: ModelPattern) -> None:
    explained = {re.sub(r"\d+", "#", form) for form in [*label_key([pattern]), "full"]}
    groups = re.findall(r"\d+x (\S+?)(?:,? |,?$)", re.sub(r"(grid|pos) \S+", "", label(pattern)))
    assert groups and {re.sub(r"\d+", "#", form) for group in groups for form in group.split("+")} <= explained


def test_the_table_of_the_page_has_every_kind_with_its_label_and_its_words() -> None:
    page = (Path(__file__).parents[2] / "docs" / "patterns.md").read_text(encoding="utf-8")
    chapter = page.split("## Labels\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| `(\{.*?\})` \| (.+) \|$", chapter, re.MULTILINE)
    assert {json.loads(document)["kind"] for _, document, _ in rows} == set(PRIMITIVES)
    for short, document, read_as in rows:
        values = json.loads(document)
        primitive = PRIMITIVES[values.pop("kind")](**values)
        causal = "/" not in short
        assert primitive.label(causal) == short
        assert read_as.startswith(primitive.words(causal))


def read(text: str) -> ModelPattern:
    """The grammar of docs/patterns.md the other way round."""
    sections = text.split(" | ")
    runs = [section for section in sections if section.startswith("L")]
    facts = dict([*section.split(" "), ""][:2] for section in sections[len(runs) :])
    causal = "bidir" not in facts
    grid: Any = tuple(int(side) for side in facts["grid"].split("x")) if "grid" in facts else None
    layers: dict[int, tuple[HeadGroup, ...]] = {}
    memory: dict[int, int] = {}
    for run in runs:
        numbers, _, parts = run.partition(" ")
        *groups, end = parts.split(", ")
        if not end.startswith("mem"):
            groups, end = [*groups, end], "mem0"
        layer = tuple(read_group(group, causal) for group in groups)
        for index in read_numbers(numbers.removeprefix("L")):
            assert index not in layers
            layers[index], memory[index] = layer, int(end.removeprefix("mem"))
    return ModelPattern.of(
        [layers[index] for index in range(len(layers))],
        causal=causal,
        grid=grid,
        position=facts.get("pos", "rope"),
        memory_tokens=[memory[index] for index in range(len(layers))],
    )


def read_numbers(text: str) -> Iterator[int]:
    for part in text.split(","):
        ends, _, step = part.partition("/")
        first, _, last = ends.partition("-")
        yield from range(int(first), int(last or first) + 1, int(step or 1))


def read_group(text: str, causal: bool) -> HeadGroup:
    count, union = text.split("x ")
    return HeadGroup(int(count), tuple(read_primitive(short, causal) for short in union.split("+")))


def read_primitive(short: str, causal: bool) -> Primitive:
    forms: dict[str, Callable[..., Primitive]] = {
        r"full": Full,
        r"w(\d+)(?:d(\d+))?": lambda keys, dilation: Window(keys - 1, 0, dilation or 1),
        r"w(\d+)/(\d+)(?:d(\d+))?": lambda before, after, dilation: Window(before, after, dilation or 1),
        r"g(\d+)(?:/(\d+))?": lambda first, last: Global(first, last or 0),
        r"s(\d+)": Stride,
        r"c(\d+)of(\d+)": lambda width, every: Columns(every, width),
        r"b(\d+)(?:@(\d+))?": lambda tokens, shift: Block(tokens, shift or 0),
        r"r(\d+)x(\d+)(?:#(\d+))?": lambda blocks, block, seed: Random(block, blocks, seed or 0),
        r"rows(\d+)": lambda width: Stripe("row", width),
        r"cols(\d+)": lambda width: Stripe("column", width),
        r"t(\d+)x(\d+)(?:@(\d+)x(\d+))?": lambda height, width, down, right: Tile(height, width, down or 0, right or 0),
        r"n(\d+)x(\d+)": Neighborhood,
        r"top(\d+)x(\d+)": lambda blocks, block: Select(block, blocks),
        r"rank(\d+)": LowRank,
        r"rank(\d+):kv": lambda rank: LowRank(rank, "key_value"),
        r"rank(\d+):layers": lambda rank: LowRank(rank, "layers"),
    }
    ((found, make),) = [(match, make) for form, make in forms.items() if (match := re.fullmatch(form, short))]
    assert causal == ("/" not in short) or not short.startswith("w")
    return make(*(int(number) if number else None for number in found.groups()))
