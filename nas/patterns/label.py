"""A pattern in one short line: `L0 4x w16 | L1 2x full, 2x w64+g4`; docs/patterns.md has the grammar."""

from itertools import groupby

from nas.patterns.layer import HeadGroup, LayerPattern
from nas.patterns.model import ModelPattern


def label(pattern: ModelPattern) -> str:
    """The label of a pattern: one line of ASCII, the same for all spellings, different for every other pattern.

    Numbers count keys. Adjacent layers that attend alike are folded (`L0-3`). Heads are counted; their order shows
    only where it matters (`random` blocks, ALiBi). Defaults are left out: causal, no grid, rotary positions.

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
    """The text between bars, bars included: each run of layers by head groups, then each fact about the model."""
    canonical = pattern.canonical()
    runs = groupby(canonical.layers, key=lambda layer: (layer.heads, layer.memory_tokens))
    sections = [_run(list(layers)) for _, layers in runs] + [[fact] for fact in _facts(canonical)]
    for section in sections[:-1]:
        section[-1] += " |"
    return sections


def _run(layers: list[LayerPattern]) -> list[str]:
    """Adjacent layers that attend alike: their numbers, their head groups, their memory."""
    first, last = layers[0], layers[-1]
    groups = [_group(group, first.causal) for group in first.heads]
    memory = [f"mem{first.memory_tokens}"] if first.memory_tokens else []
    *others, end = groups + memory
    numbers = f"L{first.index}" if first is last else f"L{first.index}-{last.index}"
    parts = [*(f"{part}," for part in others), end]
    return [f"{numbers} {parts[0]}", *parts[1:]]


def _group(group: HeadGroup, causal: bool) -> str:
    return f"{group.count}x {'+'.join(primitive.label(causal) for primitive in group.attend)}"


def _facts(pattern: ModelPattern) -> list[str]:
    facts = [] if pattern.causal else ["bidir"]
    if pattern.grid:
        facts.append(f"grid {pattern.grid[0]}x{pattern.grid[1]}")
    if pattern.position != "rope":
        facts.append(f"pos {pattern.position}")
    return facts
