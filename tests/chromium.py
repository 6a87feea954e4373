"""Debian's Chromium for tests of pages, without a network; NAS_CHROMIUM names one that is not on the path."""

import pytest
from screenshots import CHROMIUM, launched

__all__ = ["CHROMIUM", "launched", "needs_chromium"]

needs_chromium = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium: apt-get install chromium, or set NAS_CHROMIUM"),
]
