from hypothesis import given
from hypothesis import strategies as st

from nas.report.sparkline import sparkline


def test_bars_rise_with_the_numbers():
    assert sparkline([0.0, 0.5, 1.0], 10) == "▁▅█"
    assert sparkline([], 10) == ""


@given(st.lists(st.floats(-1e300, 1e300), max_size=50), st.integers(1, 20))
def test_it_fits_and_ends_with_the_last_number(shares, width):
    shown = sparkline(shares, width)
    assert len(shown) == min(width, len(shares))
    assert shown[-1:] == sparkline(shares[-1:], 1)
