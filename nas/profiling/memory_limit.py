"""The memory that a device has free."""

import re
import sys
from pathlib import Path

import torch


def available_bytes(device: str) -> int:
    """Bytes that can still be allocated; practically unlimited where the system does not say.

    Args:
        device: cpu, cuda or cuda:N.
    """
    if torch.device(device).type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free
    try:
        found = re.search(r"^MemAvailable: +(\d+) kB$", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
    except OSError:
        found = None
    return int(found[1]) * 1024 if found else sys.maxsize
