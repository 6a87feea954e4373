"""Array types: numpy's, and torch's tensors without importing torch."""

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Positions = NDArray[np.int64]
"""Absolute positions or counts, in tokens."""

Flags = NDArray[np.bool_]

Array = TypeVar("Array", NDArray[Any], "Tensor")
"""What a predicate takes and returns; it uses only operators that mean the same on both."""


def table_like(table: Flags, positions: Array) -> Array:
    """The table in a form that these positions can index.

    Args:
        table: any shape.
        positions: arrays or tensors.

    Returns:
        the table itself for numpy positions; for a tensor, a copy as a bool tensor on the same device.
    """
    if isinstance(positions, np.ndarray | np.generic):
        return cast(Array, table)
    return (positions == positions).new_tensor(table)  # of its dtype, bool
