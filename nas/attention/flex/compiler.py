"""Where FlexAttention can be compiled, and its compiled form."""

import os
import shutil
import warnings
from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import flex_attention

_SMALLEST_D_HEAD = 16
"""Fewest features that Triton's matrix products take."""

_MOST_KERNELS = 64
"""Most kernels that dynamo may keep, of its default of 8: one for each batch, length and number of heads, and as many
without gradients."""


def flex_fits(q: Tensor, v: Tensor) -> bool:
    """Whether FlexAttention can be compiled for these inputs: a GPU, a compiler, and supported widths and types.

    Warns once if a GPU is there and its compiler is not.
    """
    wide_enough = min(q.shape[-1], v.shape[-1]) >= _SMALLEST_D_HEAD
    if q.device.type != "cuda" or not wide_enough or q.dtype == torch.float64:
        return False
    missing = missing_compiler()
    if missing:
        _warn_once(f"FlexAttention cannot be compiled, as there is {missing}: other backends run instead.")
    return not missing


@cache
def missing_compiler() -> str:
    """What is missing to compile for a GPU, in words; empty if nothing is; looked up once.

    Triton compiles its launchers with $CC, or with gcc or clang (triton/runtime/build.py).
    """
    if find_spec("triton") is None:
        return "no package triton"
    if not (os.environ.get("CC") or shutil.which("gcc") or shutil.which("clang")):
        return "no C compiler (gcc, clang or $CC)"
    return ""


@cache
def compiled_flex_attention() -> Any:
    """`flex_attention`, compiled on first use, once for each set of sizes and types.

    A kernel that cannot be compiled raises instead of falling back to the uncompiled form, which computes all pairs.
    """
    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, _MOST_KERNELS)
    return torch.compile(flex_attention, dynamic=False, fullgraph=True)


@cache
def _warn_once(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=3)
