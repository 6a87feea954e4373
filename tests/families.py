"""One cohort of every kind that a proxy may train: two patterns with equal layouts, and a task that they fit."""

from dataclasses import dataclass
from typing import Any

from nas.patterns.file import load_pattern
from nas.patterns.model import ModelPattern
from tests.noise_task import NoiseTask


@dataclass(frozen=True)
class Family:
    task: NoiseTask
    patterns: tuple[ModelPattern, ...]


def two_layers(
    *heads: dict[str, Any], memory: tuple[int, int] = (0, 0), causal: bool = True, **options: Any
) -> ModelPattern:
    """Two layers of two heads, alike but for their memory; one kind for both heads or one for each."""
    groups = [{"count": 2 // len(heads), "attend": [head]} for head in heads]
    layers = [{"heads": groups, "memory_tokens": tokens} for tokens in memory]
    return load_pattern({"schema": "nas.pattern/1", "causal": causal, "layers": layers} | options)


def window(before: int, after: int = 0) -> dict[str, Any]:
    return {"kind": "window", "before": before, "after": after}


def low_rank(rank: int, sharing: str = "heads") -> dict[str, Any]:
    return {"kind": "low_rank", "rank": rank, "sharing": sharing}


FULL: dict[str, Any] = {"kind": "full"}
CAUSAL, AHEAD = NoiseTask(), NoiseTask(causal=False)
STREAM = NoiseTask(has_context=True)
PICTURE = NoiseTask(causal=False, grid=(4, 4), readout="mean")


def positioned(position: str) -> Family:
    return Family(CAUSAL, (two_layers(FULL, position=position), two_layers(window(3), position=position)))


def remembering(position: str) -> Family:
    patterns = (
        two_layers(window(3), memory=(5, 2), position=position),
        two_layers(FULL, window(1), memory=(0, 16), position=position),
    )
    return Family(STREAM, patterns)


def mixed(sharing: str) -> Family:
    """Ranks 3 and 4 take four rows both."""
    patterns = (
        two_layers(low_rank(3, sharing), FULL, causal=False),
        two_layers(window(2, 2), low_rank(4, sharing), causal=False),
    )
    return Family(AHEAD, patterns)


FAMILIES = {
    "rope": positioned("rope"),
    "relative": positioned("relative"),
    "alibi": positioned("alibi"),
    "learned": positioned("learned"),
    "none": positioned("none"),
    "memory": remembering("rope"),
    "memory and relative": remembering("relative"),
    "memory and alibi": remembering("alibi"),
    "select": Family(
        CAUSAL,
        (
            two_layers({"kind": "select", "block": 4, "blocks": 1}),
            two_layers(FULL, {"kind": "select", "block": 2, "blocks": 3}),
        ),
    ),
    "low rank": mixed("heads"),
    "low rank of keys and values": mixed("key_value"),
    "low rank of layers": mixed("layers"),
    "grid": Family(
        PICTURE,
        tuple(
            two_layers(kind, causal=False, grid=[4, 4])
            for kind in ({"kind": "neighborhood", "height": 3, "width": 1}, {"kind": "tile", "height": 2, "width": 2})
        ),
    ),
    "last": Family(NoiseTask(readout="last"), (two_layers(FULL), two_layers(window(15)))),
}
"""Two patterns each; ranks, memories and masks differ within a family."""
