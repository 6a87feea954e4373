"""The rules by which libraries serve windows: what a target can represent of a causal pattern."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingRules:
    """What a target can represent beside full attention: windows, in the heads and layers that these rules allow.

    Args:
        first_tokens: whether a window can come with first tokens, which all later queries see.
        heads_differ: whether the heads of a layer can attend differently.
        sizes_differ: whether windows, and their numbers of first tokens, can differ within a model.
        least_full: layers that must have full attention, at least.
    """

    first_tokens: bool = False
    heads_differ: bool = False
    sizes_differ: bool = False
    least_full: int = 0


def common_rules(rules: Iterable[ServingRules]) -> ServingRules:
    """What several targets can all represent; at least one."""
    every = list(rules)
    return ServingRules(
        first_tokens=all(one.first_tokens for one in every),
        heads_differ=all(one.heads_differ for one in every),
        sizes_differ=all(one.sizes_differ for one in every),
        least_full=max(one.least_full for one in every),
    )
