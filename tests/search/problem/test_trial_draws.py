"""A space that makes no pattern, or hardly one that can be deployed, is refused before the search."""

import pytest

from nas.errors import InputError, PatternError
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.search.problem.deployment import UndeployableError
from nas.search.problem.trial_draws import LEAST_DEPLOYABLE, TRIAL_DRAWS, draw_on_trial
from nas.space.space import Suggester

PATTERN = ModelPattern.of([(HeadGroup(1, (Full(),)),)])


class Drawn:
    """Makes a pattern in every so manieth draw, and raises an error in the others."""

    def __init__(self, period: int, error: Exception) -> None:
        self.period, self.error, self.count = period, error, 0

    def __call__(self, suggest: Suggester) -> ModelPattern:
        self.count += 1
        if self.count % self.period:
            raise self.error
        return PATTERN


def test_one_pattern_is_enough() -> None:
    rarely = Drawn(TRIAL_DRAWS, PatternError("layers", "must be good", 1))
    draw_on_trial(rarely, ())
    assert rarely.count == TRIAL_DRAWS
    with pytest.raises(PatternError, match="must be good"):
        draw_on_trial(Drawn(TRIAL_DRAWS + 1, PatternError("layers", "must be good", 1)), ())


def test_a_quarter_must_be_deployable() -> None:
    refused = UndeployableError("layers", "must have windows", "none")
    often = Drawn(TRIAL_DRAWS // LEAST_DEPLOYABLE, refused)
    draw_on_trial(often, ("vllm",))
    assert often.count == TRIAL_DRAWS
    with pytest.raises(InputError, match=r"^space: must offer what vllm can represent, at least in 25 of 100 draws"):
        draw_on_trial(Drawn(TRIAL_DRAWS // LEAST_DEPLOYABLE + 1, refused), ("vllm",))
