import numpy as np
import pytest

from nas.search.samplers.improvement import expected_hypervolume_improvement, expected_improvement, undominated
from nas.statistics.pareto import hypervolume, nondominated


def draw(seed, *shape):
    return np.random.default_rng(seed).random(shape)


def improvement_by(known, point, reference):
    """The definition: the hypervolume with the point, less the one without."""
    points = [tuple(row) for row in known]
    return hypervolume([*points, tuple(point)], tuple(reference)) - hypervolume(points, tuple(reference))


@pytest.mark.parametrize("num_objectives", [2, 3, 4])
@pytest.mark.parametrize("num_known", [0, 1, 4, 12])
def test_without_uncertainty_it_is_the_hypervolume_that_is_added(num_objectives, num_known):
    known, candidates = draw(0, num_known, num_objectives), draw(1, 8, num_objectives)
    reference = np.full(num_objectives, 0.9)
    found = expected_hypervolume_improvement(
        known[:, 0], known[:, 1:], candidates[:, 0], np.zeros(8), candidates[:, 1:], reference
    )
    assert found == pytest.approx([improvement_by(known, point, reference) for point in candidates], abs=1e-9)


def test_it_is_the_mean_over_what_is_uncertain():
    known, candidates, reference = draw(2, 6, 3), draw(3, 4, 3), np.full(3, 1.1)
    deviation = np.array([0.02, 0.1, 0.3, 1.0])
    found = expected_hypervolume_improvement(
        known[:, 0], known[:, 1:], candidates[:, 0], deviation, candidates[:, 1:], reference
    )
    normal = np.random.default_rng(4).standard_normal(400)
    for index, point in enumerate(candidates):
        drawn = np.tile(point, (len(normal), 1))
        drawn[:, 0] += deviation[index] * normal
        added = [improvement_by(known, one, reference) for one in drawn]
        assert found[index] == pytest.approx(np.mean(added), abs=4 * np.std(added) / np.sqrt(len(normal)) + 1e-6)


def test_many_points_are_counted_on_fewer_edges_and_never_too_low():
    known, candidates, reference = draw(5, 400, 3), draw(6, 10, 3), np.full(3, 1.0)
    candidates[:, 0] -= 0.5
    found = expected_hypervolume_improvement(
        known[:, 0], known[:, 1:], candidates[:, 0], np.zeros(10), candidates[:, 1:], reference
    )
    exact = np.array([improvement_by(known, point, reference) for point in candidates])
    assert (found >= exact - 1e-9).all()
    assert found == pytest.approx(exact, rel=0.1)


def test_expected_improvement_of_a_sure_value_and_of_an_even_chance():
    assert expected_improvement(np.array([1.0, 3.0]), np.zeros(2), np.array(2.0)) == pytest.approx([1.0, 0.0])
    assert expected_improvement(np.array(2.0), np.array(1.0), np.array(2.0)) == pytest.approx(1 / np.sqrt(2 * np.pi))


def test_undominated_agrees_with_the_slow_one():
    points = np.round(draw(7, 60, 3), 1)
    assert np.flatnonzero(undominated(points)).tolist() == nondominated([tuple(point) for point in points])
    assert undominated(points, points - 1).any() == False  # noqa: E712 (an array of booleans)
