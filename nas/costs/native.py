"""The pattern that a target was published with."""

from nas.costs.target import Target
from nas.errors import InputError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Window

NATIVE = "native"
"""Its name beside those of the baselines."""


def native_pattern(target: Target, num_tokens: int | None = None) -> ModelPattern:
    """The attention of a published model, in its own layers and heads; all heads of a layer attend alike.

    Args:
        target: a model whose native_windows are known.
        num_tokens: sequence length n, in tokens; None for the target's own. A window of n keys or more is full.

    Raises:
        InputError: native_windows is None.
        PatternError: the target has more layers or heads than a pattern can have.
    """
    if target.native_windows is None:
        remedy = "List the keys that a query of each layer sees, null for all: [1024,null]."
        raise InputError("target.native_windows", f"must be known of {target.name!r}", None, remedy)
    n = target.num_tokens if num_tokens is None else num_tokens
    windows = target.native_windows
    period = [
        Full() if keys is None or keys >= n else Window(before=keys - 1) for keys in windows
    ]  # a window counts the query's own key, `before` does not
    return ModelPattern.of(
        [(HeadGroup(target.num_heads, (period[layer % len(period)],)),) for layer in range(target.num_layers)]
    )
