import pytest

from nas.errors import InputError
from nas.space.checks import require_heads, require_numbers, require_words
from nas.space.space import Shape

SHAPE = Shape(num_layers=1, num_heads=4, num_tokens=8, causal=True)


def test_options_that_follow_from_the_shape_need_no_check() -> None:
    require_numbers("width", None, at_least=1)
    require_words("kind", None, ["a"], "kind")
    require_heads("num_heads", None, SHAPE)


def test_options_in_range_pass() -> None:
    require_numbers("width", [1, 4], at_least=1)
    require_words("kind", ["b", "a"], ["a", "b", "c"], "kind")
    require_heads("num_heads", [0, 4], SHAPE)


def test_options_out_of_range_are_named() -> None:
    with pytest.raises(InputError, match=r"^width: must hold numbers of 1 or more, got \[0, 4\]"):
        require_numbers("width", [0, 4], at_least=1)
    with pytest.raises(InputError, match=r"^kind: unknown kind; allowed: strided, fixed, got 'strided_'. Did you mean"):
        require_words("kind", ["fixed", "strided_"], ["strided", "fixed"], "kind")
    with pytest.raises(InputError, match=r"^space.options.num_heads: must be at most proxy.num_heads \(4\), got 5"):
        require_heads("num_heads", [1, 5], SHAPE)
