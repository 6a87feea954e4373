"""Where a primitive is applied: everything its meaning depends on besides its own parameters."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MaskContext:
    """One head of one layer at one sequence length.

    Args:
        num_tokens: sequence length n, in tokens.
        causal: keep only keys at or before the query. Primitives may use it (a causal `random` row
            draws from earlier blocks); the cut j <= i itself is made by `HeadPattern`.
        layer: index of the layer in the model, from 0.
        head: index of the head in its layer, from 0.
        grid: rows and columns of a 2-D input read row by row (rows * columns = n), or None.
    """

    num_tokens: int
    causal: bool
    layer: int = 0
    head: int = 0
    grid: tuple[int, int] | None = None
