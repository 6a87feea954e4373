"""The parameters of a space as Optuna's distributions, the same for trials and for candidates."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from optuna.distributions import CategoricalDistribution, IntDistribution

from nas.space.checks import check_options
from nas.space.space import Option

Parameter = IntDistribution | CategoricalDistribution

Params = Mapping[str, Option]
"""Suggested values by parameter name, as Optuna keeps them: an ordered option is its index."""


def choice_parameter(name: str, options: Sequence[Option]) -> Parameter:
    """One of some options: rising numbers by index, so that samplers know their order (docs/decisions/0007).

    Raises:
        InputError: no options, or some that cannot be stored.
    """
    check_options(name, options)
    return _choice_parameter(tuple((type(option), option) for option in options))


@lru_cache(maxsize=1 << 12)
def _choice_parameter(typed: tuple[tuple[type, Option], ...]) -> Parameter:
    """Cached, since candidates need the same parameters again and again; keyed with types, since True equals 1."""
    options = [option for _, option in typed]
    if _rising_numbers(options):
        return IntDistribution(0, len(options) - 1)
    return CategoricalDistribution(options)


def integer_parameter(low: int, high: int, *, log: bool) -> IntDistribution:
    """A whole number from low to high, both included."""
    return IntDistribution(low, high, log=log)


def _rising_numbers(options: Sequence[Option]) -> bool:
    numbers = [option for option in options if isinstance(option, int | float) and not isinstance(option, bool)]
    return len(numbers) == len(options) > 1 and all(low < high for low, high in pairwise(numbers))
