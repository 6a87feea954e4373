"""A pattern in one short line: `L0 4x w16 | L1 2x full, 2x w64+g4`; docs/patterns.md has the grammar."""

import re
from collections.abc import Iterable
from itertools import pairwise

from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives.wording import counted, ordinal


def label(pattern: ModelPattern) -> str:
    """The label of a pattern: one line of ASCII, the same for all spellings, different for every other pattern.

    Numbers count keys. Layers that attend alike are folded: `L0-3`, or `L1-29/2` for every second one. Heads are
    counted; their order shows only where it matters (`random` blocks, ALiBi). Defaults are left out: causal, no grid,
    rotary positions.

    Args:
        pattern: any pattern.
    """
    return " ".join(part for section in _sections(pattern) for part in section)


def label_lines(pattern: ModelPattern, width: int) -> list[str]:
    """The label on several lines, broken between layers, and within a layer only if it is longer than a line.

    Args:
        pattern: any pattern.
        width: most characters per line; a head group that is longer gets its own line.

    Returns:
        lines that make up the label again when they are joined by spaces.
    """
    lines: list[str] = []
    for section in _sections(pattern):
        if lines and len(joined := " ".join([lines[-1], *section])) <= width:
            lines[-1] = joined
        else:
            lines += _filled(section, width)
    return lines


def label_key(patterns: Iterable[ModelPattern]) -> dict[str, str]:
    """What the short forms in labels mean: one of each form that occurs, with its words, in the order of the labels.

    Args:
        patterns: whose labels are read together.

    Returns:
        words by short form (`w16`: `window of 16 keys`), the first heads first (`L0-3 4x`: `4 heads in each of layers
        0-3`); `full` says what it is and is left out.
    """
    forms: dict[str, tuple[str, str]] = {}
    for pattern in patterns:
        canonical = pattern.canonical()
        forms.setdefault("", _first_heads(canonical))
        for primitive in (one for layer in canonical.layers for group in layer.heads for one in group.attend):
            short = primitive.label(canonical.causal)
            forms.setdefault(re.sub(r"\d+", "", short), (short, primitive.words(canonical.causal)))
    return dict(form for form in forms.values() if form[0] != "full")


def label_note(patterns: Iterable[ModelPattern]) -> str:
    """The same as one sentence: `Patterns: L0-3 4x = 4 heads in each of layers 0-3; w16 = window of 16 keys.`

    It is empty without patterns.
    """
    parts = "; ".join(f"{short} = {words}" for short, words in label_key(patterns).items())
    return f"Patterns: {parts}." if parts else ""


def _first_heads(canonical: ModelPattern) -> tuple[str, str]:
    """How its label begins, in words."""
    layers, heads, *_ = _sections(canonical)[0][0].split(" ")
    numbers, _, step = layers.removeprefix("L").partition("/")
    where = f"layer {numbers}" if numbers.isdigit() else f"each of layers {numbers}"
    every = f", every {ordinal(int(step))}" if step else ""
    return f"{layers} {heads}", f"{counted(canonical.layers[0].heads[0].count, 'head')} in {where}{every}"


def _filled(parts: list[str], width: int) -> list[str]:
    """The parts on as few lines as they need."""
    lines = [parts[0]]
    for part in parts[1:]:
        if len(joined := f"{lines[-1]} {part}") <= width:
            lines[-1] = joined
        else:
            lines.append(part)
    return lines


def _sections(pattern: ModelPattern) -> list[list[str]]:
    """The text between bars, bars included: layers that attend alike by head groups, then facts about the model."""
    canonical = pattern.canonical()
    alike: dict[object, list[LayerPattern]] = {}
    for layer in canonical.layers:
        alike.setdefault((layer.heads, layer.memory_tokens), []).append(layer)
    sections = [_layers(layers) for layers in alike.values()] + [[fact] for fact in _facts(canonical)]
    for section in sections[:-1]:
        section[-1] += " |"
    return sections


def _layers(layers: list[LayerPattern]) -> list[str]:
    """Layers that attend alike: their numbers, their head groups, their memory."""
    first = layers[0]
    groups = [_group(group, first.causal) for group in first.heads]
    memory = [f"mem{first.memory_tokens}"] if first.memory_tokens else []
    *others, end = groups + memory
    parts = [*(f"{part}," for part in others), end]
    return [f"L{_numbers([layer.index for layer in layers])} {parts[0]}", *parts[1:]]


def _numbers(indices: list[int]) -> str:
    """`0-3`, `1-29/2` for every second one from 1 to 29, `0-4,6-10,12`."""
    steps = {after - before for before, after in pairwise(indices)}
    if len(indices) > 2 and len(steps) == 1 and steps != {1}:
        return f"{indices[0]}-{indices[-1]}/{steps.pop()}"
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _group(group: HeadGroup, causal: bool) -> str:
    return f"{group.count}x {'+'.join(primitive.label(causal) for primitive in group.attend)}"


def _facts(pattern: ModelPattern) -> list[str]:
    facts = [] if pattern.causal else ["bidir"]
    if pattern.grid:
        facts.append(f"grid {pattern.grid[0]}x{pattern.grid[1]}")
    if pattern.position != "rope":
        facts.append(f"pos {pattern.position}")
    return facts
