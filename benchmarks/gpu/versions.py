"""What the machine has, and which kernels of scaled_dot_product_attention run on it."""

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

from nas.attention.flex.compiler import missing_compiler

from . import NEEDED
from .place import Place, head, parse, row

PACKAGES = (*NEEDED, "triton", "transformers", "peft", "pytest", "hypothesis")
KERNELS = (SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.CUDNN_ATTENTION, SDPBackend.MATH)


def main(words: Sequence[str] | None = None) -> None:
    place = parse(__doc__, words)
    head("what", "which")
    row("Python", platform.python_version())
    for package in PACKAGES:
        row(package, version_of(package))
    row("to compile FlexAttention", missing_compiler() or "all there")
    if place.on_gpu:
        properties = torch.cuda.get_device_properties(place.device)
        row("GPU", f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB, CUDA {torch.version.cuda}")
    print()
    names = [kernel.name.lower().removesuffix("_attention") for kernel in KERNELS]
    head("attention of heads of 64", *names)
    for dtype in (torch.bfloat16, torch.float32):
        for masked in (False, True):
            runs = ["runs" if can_run(kernel, place, dtype, masked) else "no" for kernel in KERNELS]
            row(f"{str(dtype).removeprefix('torch.')}, {'a mask' if masked else 'causal'}", *runs)


def version_of(package: str) -> str:
    """The version of an installed package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def can_run(kernel: SDPBackend, place: Place, dtype: torch.dtype, masked: bool) -> bool:
    """Whether a kernel computes forward and backward for these inputs."""
    num_tokens = 32 if place.small else 1024
    q, k, v = (
        torch.randn(1, 4, num_tokens, 64, device=place.device, dtype=dtype, requires_grad=True) for _ in range(3)
    )
    mask: Tensor | None = torch.ones(num_tokens, num_tokens, dtype=torch.bool, device=place.device).tril()
    try:
        with sdpa_kernel(kernel):
            out = scaled_dot_product_attention(q, k, v, attn_mask=mask if masked else None, is_causal=not masked)
            out.sum().backward()  # type: ignore[no-untyped-call]
    except RuntimeError:  # "No available kernel"
        return False
    return True


if __name__ == "__main__":
    main()
