"""Surveys with made-up effects, for shapes that need one."""

import numpy as np
from msgspec.structs import replace

from nas.results.survey import Losses, PartLosses, Survey

FULL = Losses(text=1.0, needle=0.5)


def made_survey(num_layers: int, num_heads: int, num_tokens: int, seed: int = 0, *, with_probe: bool = True) -> Survey:
    """A complete survey: wider windows cost less, and heads share what their layer costs unequally."""
    blank = Survey(
        key="made",
        precision="float32",
        num_layers=num_layers,
        num_heads=num_heads,
        num_tokens=num_tokens,
        num_sinks=4,
        recent_tokens=(max(2, num_tokens // 32), max(2, num_tokens // 8)),
        with_probe=with_probe,
        full=FULL if with_probe else Losses(text=1.0),
    )
    chance = np.random.default_rng(seed)
    of_heads = chance.exponential(0.1, (num_layers, num_heads, 2))
    found = []
    for part in blank.plan():
        effect = of_heads[part.layer].sum(axis=0) if part.head is None else of_heads[part.layer, part.head]
        text, needle = (float(value) * blank.recent_tokens[0] / part.recent_tokens for value in effect)
        losses = Losses(text=1.0 + text, needle=0.5 + needle if with_probe else None)
        found.append(PartLosses(part=part, losses=losses))
    scores = tuple(tuple(float(score) for score in row) for row in chance.random((num_layers, num_heads)))
    return replace(blank, parts=tuple(found), retrieval=scores if with_probe else ())
