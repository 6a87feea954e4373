from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def counting(tmp_path: Path) -> str:
    """A file in which every window of 4 bytes is found once: its first and last bytes tell its place."""
    numbers = np.arange(10_000, dtype=">u4")
    path = tmp_path / "counting.bin"
    path.write_bytes(numbers.tobytes())
    return str(path)
