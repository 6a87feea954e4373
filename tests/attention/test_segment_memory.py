"""The previous segment: which rows each head sees, and that they stand before the segment."""

import pytest
import torch

from nas.attention import attend
from nas.attention.segment_memory import in_front, most_memory, shows_memory
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Full
from tests.attention.cases import WITH_MEMORY, Inputs, largest_difference


@pytest.mark.parametrize("backend", ["dense", "pieces", "flex", "auto"])
def test_each_head_sees_its_own_last_rows(backend: str) -> None:
    inputs = Inputs(WITH_MEMORY, 40)
    assert inputs.memory is not None
    with torch.no_grad():
        before = inputs.output(backend)
        inputs.memory[0][:, :, :-3] += 9.0  # rows 4 to 8 from the end
        after = inputs.output(backend)
    assert [torch.equal(before[:, head], after[:, head]) for head in range(3)] == [True, True, False]
    assert largest_difference([before], [Inputs(WITH_MEMORY, 40).expected()]) < 1e-12


def test_memory_joins_two_segments_of_full_attention() -> None:
    """With a memory of the whole first segment, the second attends as if both stood in one sequence."""
    whole = Inputs((HeadPattern((Full(),)),), 30)
    q, k, v = (x.detach() for x in (whole.q, whole.k, whole.v))
    heads = (HeadPattern((Full(),), memory_tokens=12),)
    for backend in ("dense", "pieces", "flex"):
        late = attend(q[:, :, 12:], k[:, :, 12:], v[:, :, 12:], heads, backend, memory=(k[:, :, :12], v[:, :, :12]))
        assert largest_difference([late], [whole.output("dense").detach()[:, :, 12:]]) < 1e-12


def test_the_last_rows_stand_in_front_of_the_segment() -> None:
    keys, values = torch.arange(5.0).view(1, 1, 5, 1), torch.arange(10.0, 15.0).view(1, 1, 5, 1)
    k, v = torch.full((1, 1, 2, 1), 7.0), torch.full((1, 1, 2, 1), 8.0)
    both = in_front((keys, values), k, v, 3)
    assert [x.flatten().tolist() for x in both] == [[2, 3, 4, 7, 7], [12, 13, 14, 8, 8]]
    for memory, num_rows in (((keys, values), 0), (None, 0)):
        same = in_front(memory, k, v, num_rows)
        assert same[0] is k and same[1] is v


def test_a_head_is_shown_the_rows_next_to_the_segment() -> None:
    assert most_memory(WITH_MEMORY) == 6
    shown = shows_memory(WITH_MEMORY, 7, torch.device("cpu"))
    assert shown.int().tolist() == [[0, 0, 0, 0, 1, 1, 1], [0] * 7, [0, 1, 1, 1, 1, 1, 1]]
