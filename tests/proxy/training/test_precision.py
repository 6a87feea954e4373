import pytest

from nas.proxy.training.precision import precision_on


@pytest.mark.parametrize(("device", "precision"), [("cpu", "float32"), ("cuda", "bfloat16"), ("cuda:1", "bfloat16")])
def test_a_gpu_computes_in_bfloat16(device: str, precision: str) -> None:
    assert precision_on(device) == precision
