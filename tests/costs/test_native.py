import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.costs.native import native_pattern
from nas.costs.target import Target
from nas.errors import InputError
from tests.strategies import quick


def target(windows: list[int | None] | None, num_layers: int = 5, num_tokens: int = 12) -> Target:
    sizes = {"num_heads": 4, "num_kv_heads": 2, "d_model": 16, "d_head": 4, "d_mlp": 16}
    return Target(name="t", num_tokens=num_tokens, num_layers=num_layers, native_windows=windows, **sizes)  # type: ignore[arg-type]


@quick
@given(
    st.lists(st.none() | st.integers(1, 20), min_size=1, max_size=5),
    st.integers(5, 8),
    st.integers(1, 16),
    st.none() | st.integers(1, 16),
)
def test_each_query_sees_as_many_keys_as_its_layer_says(
    windows: list[int | None], num_layers: int, own: int, asked: int | None
) -> None:
    pattern = native_pattern(target(windows, num_layers, own), asked)
    n = own if asked is None else asked
    assert (pattern.num_layers, pattern.num_heads, pattern.causal) == (num_layers, 4, True)
    for layer in range(num_layers):
        keys = windows[layer % len(windows)]
        rows = [[0 <= query - key < (n if keys is None else keys) for key in range(n)] for query in range(n)]
        assert np.array_equal(pattern.mask(layer, n), np.broadcast_to(rows, (4, n, n)))


def test_a_window_as_long_as_the_sequence_is_full_attention() -> None:
    """Else the same attention would have two ids, and be tried twice."""
    full = native_pattern(target([None]))
    assert native_pattern(target([12])).id == native_pattern(target([11]), num_tokens=11).id == full.id
    assert native_pattern(target([11])).id != full.id


def test_a_target_whose_windows_are_unknown_has_no_native_pattern() -> None:
    with pytest.raises(InputError, match=r"^target.native_windows: must be known of 't', got None\. List the keys"):
        native_pattern(target(None))
