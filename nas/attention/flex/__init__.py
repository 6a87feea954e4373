"""FlexAttention: one kernel for all patterns of a shape, which reads the patterns from tables of numbers."""

from nas.attention.flex.backend import flex_backend
from nas.attention.flex.compiler import flex_fits

__all__ = ["flex_backend", "flex_fits"]
