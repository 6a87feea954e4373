"""The conditions of a profile on this machine, and whether it can be made here at all."""

import platform
from pathlib import Path

import torch

from nas.costs.target import Target
from nas.errors import InputError
from nas.profiling.memory_limit import available_bytes
from nas.results.profile import Phase, ProfileConditions

_TENSORS = {"prefill": 4, "train": 8}
"""Tensors of the size of the queries that full attention needs at least: q, k, v, the output, and their gradients."""


def profile_conditions(target: Target, phase: Phase, device: str, num_threads: int) -> ProfileConditions:
    """What a profile of a target on a device of this machine is made under.

    Args:
        target: gives the length, the layers, the heads and their widths.
        phase: what is run.
        device: cpu, cuda or cuda:N.
        num_threads: CPU threads that torch may use.
    """
    on_gpu = torch.device(device).type == "cuda"
    return ProfileConditions(
        phase=phase,
        num_tokens=target.num_tokens,
        num_layers=target.num_layers,
        num_heads=target.num_heads,
        num_kv_heads=target.num_kv_heads,
        d_model=target.d_model,
        d_head=target.d_head,
        device=torch.cuda.get_device_name(device) if on_gpu else _processor(),
        dtype="bfloat16" if on_gpu else "float32",
        num_threads=num_threads,
        torch=str(torch.__version__),
    )


def check_profilable(conditions: ProfileConditions, device: str, *, causal: bool) -> None:
    """Refuse what cannot be measured here, before anything is run.

    Args:
        conditions: see `profile_conditions`.
        device: cpu, cuda or cuda:N.
        causal: whether the patterns are.

    Raises:
        InputError: the phase is decode without causality, or full attention alone needs more memory than there is.
    """
    if conditions.phase == "decode":
        if not causal:
            remedy = "Use target.phase=prefill or train."
            raise InputError("target.phase", "must not be decode for a bidirectional model", "decode", remedy)
        width = conditions.num_layers * conditions.num_kv_heads * 2  # the caches of all layers
    else:
        width = conditions.num_heads * _TENSORS[conditions.phase]
    element = torch.empty((), dtype=getattr(torch, conditions.dtype)).element_size()
    needed, available = width * conditions.num_tokens * conditions.d_head * element, available_bytes(device)
    if needed > available:
        allowed = (
            f"must be at most {conditions.num_tokens * available // needed:,}, as full attention over more needs more "
            f"than the {available / 2**30:.1f} GiB that {device} has free for target.phase={conditions.phase}"
        )
        remedy = "Lower it, or choose counted objectives and constraints."
        raise InputError("target.num_tokens", allowed, conditions.num_tokens, remedy)


def _processor() -> str:
    """The model of the processor, as Linux names it; elsewhere its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
