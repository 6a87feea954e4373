"""Pictures in shades of grey, each with its class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WHITE = 16
"""The brightest grey level; 0 is the darkest."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Some pictures of one size.

    Args:
        pixels: grey levels 0 to WHITE, int64, shape (pictures, side, side).
        classes: class of each, from 0, int64, shape (pictures,).
    """

    pixels: NDArray[np.int64]
    classes: NDArray[np.int64]
