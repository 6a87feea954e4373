from collections.abc import Callable

import pytest
import torch

from nas.evaluation.out_of_memory import is_out_of_memory, unless_out_of_memory


def test_the_allocators_own_error_is_known() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.int8)
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("full"),
        MemoryError(),
        RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    ],
    ids=str,
)
def test_the_named_errors_are_known(error: BaseException) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("shapes do not match"),
        RuntimeError("CUDA error: an illegal memory access was encountered"),
        ValueError("can't allocate memory"),
    ],
)
def test_other_errors_are_not_taken_for_it(error: BaseException) -> None:
    assert not is_out_of_memory(error)


def test_a_full_memory_is_no_result_and_any_other_error_is_raised() -> None:
    def raises(error: Exception) -> Callable[[], int]:
        def measure() -> int:
            raise error

        return measure

    assert unless_out_of_memory(lambda: 3) == 3
    assert unless_out_of_memory(raises(MemoryError())) is None
    with pytest.raises(RuntimeError, match="shapes"):
        unless_out_of_memory(raises(RuntimeError("shapes do not match")))
