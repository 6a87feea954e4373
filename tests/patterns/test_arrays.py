import numpy as np
import pytest
import torch

from nas.patterns.arrays import table_like

TABLE = np.eye(3, dtype=np.bool_)


@pytest.mark.parametrize("positions", [np.arange(3), np.int64(2)])
def test_numpy_looks_up_in_the_table_itself(positions):
    assert table_like(TABLE, positions) is TABLE


@pytest.mark.parametrize("positions", [torch.arange(3), torch.tensor(2)])
def test_a_tensor_looks_up_in_a_tensor(positions):
    table = table_like(TABLE, positions)
    assert table.dtype == torch.bool and table.device == positions.device
    assert torch.equal(table, torch.from_numpy(TABLE))
