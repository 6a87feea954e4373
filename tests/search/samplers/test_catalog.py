"""The samplers that a study can name; their contract is in test_ask.py."""

from typing import Any

import optuna
import pytest

from nas.search.samplers.ask_context import AskContext
from nas.search.samplers.catalog import SAMPLERS
from nas.search.settings import SAMPLER_NAMES

NO_VIEW: Any = None
OVER = optuna.distributions.FloatDistribution(0.0, 1.0)


def test_every_name_of_the_settings_has_a_sampler() -> None:
    assert tuple(SAMPLERS) == SAMPLER_NAMES


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_places_of_the_sequence_are_given_by_trial_and_not_by_study() -> None:
    """Sixteen points of a scrambled Sobol sequence fall into sixteen different cells, whichever study asks for each."""
    cells = set()
    for number in range(16):
        study = optuna.create_study(sampler=SAMPLERS["qmc"](AskContext(3, number, NO_VIEW, lambda: NO_VIEW)))
        study.add_trial(optuna.create_trial(params={"x": 0.5}, distributions={"x": OVER}, value=0.0))
        cells.add(int(16 * study.ask({"x": OVER}).params["x"]))
    assert len(cells) == 16
