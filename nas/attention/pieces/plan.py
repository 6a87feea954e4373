"""From a head pattern to a plan: which scores are computed, in which order."""

from collections import defaultdict
from dataclasses import replace
from functools import lru_cache

import torch

from nas.attention.pieces.consecutive import consecutive_tiles
from nas.attention.pieces.masking import Masker
from nas.attention.pieces.residue import residue_tiles
from nas.attention.pieces.tile import Part, Plan
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Primitive
from nas.patterns.site import Site


@lru_cache(maxsize=256)
def make_plan(head: HeadPattern, num_tokens: int, device: torch.device, dtype: torch.dtype) -> Plan:
    """Cut the union of one head into disjoint parts.

    Bands, gathered key columns and rows that see everything are worked on as the sequence stands; strides and
    dilated windows by residue class, one part for each step. A pair that two parts show belongs to the first.

    Args:
        head: any union of mask primitives.
        num_tokens: sequence length n, in tokens.
        device: where the biases live.
        dtype: of the biases: the type in which scores are computed.
    """
    site = head.site(num_tokens)
    parts: list[Part] = []
    earlier: HeadPattern | None = None
    for step, primitives in sorted(_by_step(head.attend, site).items()):
        union = replace(head, attend=primitives)
        masker = Masker(union, earlier, num_tokens, step, device, dtype)
        supports = [primitive.support(site) for primitive in primitives]
        make_tiles = consecutive_tiles if step == 1 else residue_tiles
        tiles = tuple(make_tiles(supports, site, masker))
        if tiles:
            parts.append(Part(step, tiles))
        earlier = replace(head, attend=primitives if earlier is None else earlier.attend + primitives)
    return Plan(tuple(parts))


def _by_step(attend: tuple[Primitive, ...], site: Site) -> dict[int, tuple[Primitive, ...]]:
    """The primitives that read the sequence with each step. A step of n or more shows every token itself alone."""
    groups: defaultdict[int, list[Primitive]] = defaultdict(list)
    for primitive in attend:
        support = primitive.support(site)
        steps = {min(progression.step, site.num_tokens) for progression in support.progressions} or {1}
        mixed = support.progressions and (support.bands or support.keys is not None or support.queries is not None)
        assert len(steps) == 1 and not mixed, f"{primitive.kind}: a primitive must read the sequence with one step"
        groups[steps.pop()].append(primitive)
    return {step: tuple(primitives) for step, primitives in groups.items()}
