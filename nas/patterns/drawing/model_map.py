"""A whole model as a map with characters: a row per layer, a letter per head, and what each letter stands for."""

from itertools import groupby
from textwrap import wrap

from nas.patterns.drawing.layout import Union, describe
from nas.patterns.layer import LayerPattern
from nas.patterns.model import ModelPattern

_WIDTH = 80
_MOST_LETTERS = 32
"""Heads up to which each has a letter of its own; beyond, adjacent ones that attend alike share one: `A x24`."""

Kind = tuple[Union, int]
"""What a head attends to: its union, and the tokens of its memory."""


def draw_map(pattern: ModelPattern) -> str:
    """Layers downwards, heads to the right, at most 80 columns wide.

    Adjacent layers that attend alike share a row. Heads are in their order.

    Args:
        pattern: any pattern.
    """
    letters: dict[Kind, str] = {}
    words: dict[str, str] = {}
    for layer in pattern.layers:
        for kind, head in zip(_kinds(layer), layer.head_patterns(), strict=True):
            words.setdefault(letters.setdefault(kind, _letter(len(letters))), describe(head))
    runs = [(list(own), kinds) for kinds, own in groupby(pattern.layers, key=_kinds)]
    names = [_numbers(layers[0].index, layers[-1].index) for layers, _ in runs]
    width = max(map(len, ["layer", *names]))
    lines = [f"{'layer':<{width}}  heads"]
    for name, (_, kinds) in zip(names, runs, strict=True):
        lines += _hanging(f"{name:<{width}}  ", _row([letters[kind] for kind in kinds]))
    lines.append("")
    for letter, told in words.items():
        lines += _hanging(f"{letter}  ", told)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _kinds(layer: LayerPattern) -> tuple[Kind, ...]:
    return tuple((head.attend, layer.memory_tokens) for head in layer.head_patterns())


def _row(letters: list[str]) -> str:
    if len(letters) <= _MOST_LETTERS:
        return " ".join(letters)
    runs = [(letter, len(list(same))) for letter, same in groupby(letters)]
    return " ".join(letter if count == 1 else f"{letter} x{count}" for letter, count in runs)


def _hanging(head: str, text: str) -> list[str]:
    """Text after a head, wrapped below itself."""
    gap = " " * len(head)
    return wrap(text, _WIDTH, initial_indent=head, subsequent_indent=gap, break_on_hyphens=False)


def _numbers(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _letter(place: int) -> str:
    """A to Z, then AA and so on."""
    first, last = divmod(place, 26)
    return (_letter(first - 1) if first else "") + chr(ord("A") + last)
