"""Every second pattern is the one that is predicted to add most to what is known."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.search.modelling.features import head_features, local_keys, pattern_features
from nas.search.samplers.ask_context import SpaceView
from nas.search.samplers.candidates import draw_candidates
from nas.search.samplers.outlook import Outlook
from nas.search.samplers.predicted_patterns import choose_predicted
from nas.search_spaces.by_sensitivity import BySensitivity
from nas.space.sensitivity import Sensitivity
from nas.space.space import Shape
from tests.surveys import made_survey

LAYERS, HEADS, N = 6, 3, 256
SENSITIVITY = Sensitivity(made_survey(LAYERS, HEADS, N))
SHAPE = Shape(num_layers=LAYERS, num_heads=HEADS, num_tokens=N, causal=True, weighted=True, sensitivity=SENSITIVITY)
FULL = ModelPattern.of([(HeadGroup(HEADS, (Full(),)),)] * LAYERS)


def expected(patterns: Sequence[ModelPattern]) -> NDArray[np.float64]:
    return SENSITIVITY.effects(local_keys(patterns, N))


def share_of_pairs(pattern: ModelPattern) -> float:
    return float((2 ** head_features([pattern], N)).mean() / (N + 1) * 2)


def view(*, surveyed: bool = True) -> SpaceView:
    return SpaceView(
        sample=lambda suggest: BySensitivity().sample(suggest, SHAPE),
        costs=lambda pattern: (share_of_pairs(pattern),),
        over_budget=lambda pattern: False,
        identity=SHAPE.identity,
        features=lambda patterns: pattern_features(patterns, N),
        expected=expected if surveyed else None,
        rungs=(0,),
    )


def known(*patterns: ModelPattern) -> Outlook:
    return Outlook(frozenset(map(SHAPE.identity, patterns)), patterns, None)


def test_the_first_has_the_largest_predicted_hypervolume() -> None:
    chosen = choose_predicted(view(), known(FULL), 0, seed=1)
    assert chosen is not None
    others = [one.pattern for one in draw_candidates(view(), (), frozenset(), 400, 800, seed=2)]
    worst = np.append(expected([*others, chosen.pattern]).max(axis=0), 1.0)

    def volume(pattern: ModelPattern) -> float:
        """Beyond full attention, which costs as much as the reference: all that it dominates."""
        return float(np.prod(worst - np.append(expected([pattern])[0], share_of_pairs(pattern))))

    assert len(others) > 100
    assert np.mean([volume(other) <= volume(chosen.pattern) for other in others]) > 0.97


def test_what_is_known_is_not_chosen_again_nor_anything_like_it() -> None:
    patterns = [FULL]
    for seed in range(4):
        chosen = choose_predicted(view(), known(*patterns), 2 * seed, seed)
        assert chosen is not None and SHAPE.identity(chosen.pattern) not in known(*patterns).ids
        patterns.append(chosen.pattern)
    costs = [share_of_pairs(pattern) for pattern in patterns]
    assert min(np.abs(np.subtract.outer(costs, costs))[np.triu_indices(5, 1)]) > 0.01  # they spread over the costs


def test_odd_trials_and_studies_without_a_survey_have_none() -> None:
    assert choose_predicted(view(), known(FULL), 1, seed=1) is None
    assert choose_predicted(view(surveyed=False), known(FULL), 0, seed=1) is None
