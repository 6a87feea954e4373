"""Counted allocations against known ones."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from nas.profiling.allocation import allocation_of
from tests.strategies import quick

CPU = torch.device("cpu")
MIB = 1 << 20


def block(num_bytes: int, device: torch.device) -> Tensor:
    return torch.empty(num_bytes, dtype=torch.uint8, device=device)


def three_blocks(device: torch.device) -> Tensor:
    """1 and 2 MiB at once, then 2 and 0.5 MiB; the last is kept."""
    first, second = block(MIB, device), block(2 * MIB, device)
    del first
    third = block(MIB // 2, device)
    del second
    return third


def test_the_peak_is_what_is_there_at_once() -> None:
    found = allocation_of(lambda: three_blocks(CPU), CPU)
    assert (found.peak_bytes, found.held_bytes) == (3 * MIB, MIB // 2)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_counts_alike() -> None:
    device = torch.device("cuda")
    found = allocation_of(lambda: three_blocks(device), device)
    assert (found.peak_bytes, found.held_bytes) == (3 * MIB, MIB // 2)


@quick
@given(st.lists(st.tuples(st.integers(64, 5000), st.booleans()), min_size=1, max_size=12))
def test_any_order_of_allocations_is_followed(steps: list[tuple[int, bool]]) -> None:
    """Each step allocates, or first frees what is oldest."""

    def run() -> list[Tensor]:
        held: list[Tensor] = []
        for size, frees in steps:
            if frees and held:
                del held[0]
            held.append(block(size, CPU))
        return held

    held, peak = list[int](), 0
    for size, frees in steps:
        held = [*(held[1:] if frees else held), size]
        peak = max(peak, sum(held))
    found = allocation_of(run, CPU)
    assert (found.peak_bytes, found.held_bytes) == (peak, sum(held))


def test_what_was_there_before_does_not_count_and_threads_are_given_back() -> None:
    before = block(MIB, CPU)
    torch.set_num_threads(2)
    try:
        found = allocation_of(before.clone, CPU)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert (found.peak_bytes, found.held_bytes) == (MIB, MIB)


def test_nothing_is_written_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    allocation_of(lambda: block(MIB, CPU), CPU)
    assert capfd.readouterr() == ("", "")
