"""The parameters of a space as Optuna's distributions."""

import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution

from nas.errors import InputError
from nas.search.samplers.parameters import choice_parameter, integer_parameter
from nas.space.space import Option


@pytest.mark.parametrize("options", [[4, 8, 16], [0.5, 1, 2], [1, 2]])
def test_rising_numbers_are_chosen_by_index(options: list[Option]) -> None:
    assert choice_parameter("width", options) == IntDistribution(0, len(options) - 1)


@pytest.mark.parametrize("options", [[8, 4], [4, 4, 8], [4], ["a", "b"], [False, True], [1, "b"], [False, 1, 2]])
def test_other_options_have_no_order(options: list[Option]) -> None:
    assert choice_parameter("width", options) == CategoricalDistribution(options)


def test_equal_options_of_two_types_are_not_confused() -> None:
    first, second = (choice_parameter("width", options) for options in ([0, 1], [False, True]))
    assert type(first) is IntDistribution and type(second) is CategoricalDistribution
    assert [type(option) for option in second.choices] == [bool, bool]


def test_no_options_are_refused() -> None:
    with pytest.raises(InputError, match=r"^space parameter width: must have options"):
        choice_parameter("width", [])


def test_a_whole_number_has_its_bounds() -> None:
    assert integer_parameter(2, 64, log=True) == IntDistribution(2, 64, log=True)
