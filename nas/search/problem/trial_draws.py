"""Random draws of a space on trial, so that one which makes no pattern is refused before the search."""

from collections.abc import Callable, Sequence

from nas.errors import InputError, NasError
from nas.patterns.model import ModelPattern
from nas.search.problem.deployment import UndeployableError
from nas.space.random_suggester import RandomSuggester
from nas.space.space import Suggester

TRIAL_DRAWS = 100
"""Random draws of which at least one must make a pattern that can be trained."""
LEAST_DEPLOYABLE = 25
"""How many of them must make one that can be deployed: a rejected draw costs a trial of samplers other than ours."""


def draw_on_trial(sample: Callable[[Suggester], ModelPattern], targets: Sequence[str]) -> None:
    """Draw until patterns can be trained, so that a space which never makes one is refused before the search.

    So is a space that hardly makes one which every target of deployable_by can represent.

    Args:
        sample: a pattern from suggested values, or a NasError.
        targets: names of those in deployable_by.

    Raises:
        InputError: the space is refused.
        NasError: what the last draw raised, where none made a pattern.
    """
    wanted, made, undeployable = LEAST_DEPLOYABLE if targets else 1, 0, None
    for draw in range(TRIAL_DRAWS):
        try:
            sample(RandomSuggester(draw))
        except UndeployableError as error:
            undeployable = error
        except NasError as error:
            refused = error
        else:
            made += 1
            if made == wanted:
                return
    if undeployable is not None:
        allowed = f"must offer what {' and '.join(targets)} can represent, at least in {wanted} of {TRIAL_DRAWS} draws"
        remedy = f"The last one was refused: {undeployable.allowed}. Use space=hybrid, which offers nothing else."
        raise InputError("space", allowed, made, remedy)
    if not made:
        raise refused
