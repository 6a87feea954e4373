import pytest

from nas.report.quantities import format_count, format_probability, format_quantity, format_ratio, format_seconds


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.2e9, "FLOP", "1.2 GFLOP"),
        (0, "FLOP", "0 FLOP"),
        (999, "FLOP", "999 FLOP"),
        (999.6, "FLOP", "1 kFLOP"),
        (999_960, "FLOP", "1 MFLOP"),
        (1.5e24, "FLOP", "1500000 EFLOP"),
        (3.4 * 2**20, "bytes", "3.4 MiB"),
        (512, "bytes", "512 bytes"),
        (1023, "bytes", "1023 bytes"),
        (1024, "bytes", "1 KiB"),
        (1023.9 * 1024, "bytes", "1 MiB"),
        (1_234_567, "parameters", "1,234,567 parameters"),
        (2.31, "bits per byte", "2.31 bits per byte"),
        (0.98765, "accuracy", "0.9877 accuracy"),
        (float("nan"), "FLOP", "nan FLOP"),
    ],
)
def test_quantities_read_as_people_write_them(value, unit, text):
    assert format_quantity(value, unit) == text


@pytest.mark.parametrize(("ratio", "text"), [(0.4249, "0.42x"), (1.0, "1.00x"), (0.1, "0.10x"), (0.00314, "0.0031x")])
def test_small_ratios_keep_two_digits(ratio, text):
    assert format_ratio(ratio) == text


@pytest.mark.parametrize(
    ("probability", "text"),
    [(1.0, "over 99%"), (0.9951, "over 99%"), (0.9949, "99%"), (0.5, "50%"), (0.006, "1%"), (0.0, "under 1%")],
)
def test_no_probability_is_rounded_to_certainty(probability, text):
    assert format_probability(probability) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (12.34, "12.3 s"), (59.96, "1 min 0 s"), (245, "4 min 5 s"), (7405, "2 h 3 min")],
)
def test_seconds(seconds, text):
    assert format_seconds(seconds) == text


def test_one_is_singular():
    assert [format_count(number, "seed") for number in (0, 1, 2)] == ["0 seeds", "1 seed", "2 seeds"]
