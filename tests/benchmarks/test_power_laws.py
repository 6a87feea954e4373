import numpy as np
import pytest
from power_laws import extrapolate

STEPS = (100, 200, 400, 800, 1600)


def power_laws(num, exponent=0.4, noise=0.0, seed=0):
    """Curves whose ranking changes from the first step to the last."""
    random = np.random.default_rng(seed)
    ends = 2.0 + 0.1 * random.standard_normal(num)
    falls = 3.0 + 0.6 * random.standard_normal(num)
    values = ends[:, None] + falls[:, None] * np.asarray(STEPS, dtype=float) ** -exponent
    return values + noise * random.standard_normal(values.shape)


def test_power_laws_are_continued():
    values = power_laws(20)
    mean, deviation = extrapolate(STEPS[:4], values[:, :4], STEPS[-1])
    assert mean == pytest.approx(values[:, -1], abs=0.01)
    assert (deviation > 0).all()


def test_noisy_curves_are_held_near_the_others():
    """One by one, three noisy points each say little of the fourth doubling."""
    values = power_laws(40, noise=0.06)
    mean, deviation = extrapolate(STEPS[:3], values[:, :3], STEPS[-1])
    basis = np.stack([np.ones(3), np.asarray(STEPS[:3], dtype=float) ** -0.4], axis=1)
    alone = np.linalg.lstsq(basis, values[:, :3].T, rcond=None)[0].T @ [1, STEPS[-1] ** -0.4]
    errors, errors_alone = mean - values[:, -1], alone - values[:, -1]
    assert errors.std() < 0.7 * errors_alone.std()
    assert (np.abs(errors) < 2 * deviation).mean() > 0.9


def test_a_curve_of_one_point_gets_the_course_of_the_others():
    values = power_laws(20)
    hidden = values.copy()
    hidden[0, 1:] = np.nan
    mean, deviation = extrapolate(STEPS, hidden, STEPS[-1])
    assert mean[0] == pytest.approx(values[0, -1], abs=3 * deviation[0])
    assert mean[1:] == pytest.approx(values[1:, -1], abs=0.01)
    assert deviation[0] > 3 * deviation[1:].max()


def test_a_curve_of_no_point_is_as_uncertain_as_the_others_differ():
    values = np.concatenate([power_laws(30), np.full((1, 5), np.nan)])
    mean, deviation = extrapolate(STEPS, values, STEPS[-1])
    assert mean[-1] == pytest.approx(mean[:-1].mean(), abs=0.02)
    assert deviation[-1] == pytest.approx(mean[:-1].std(), rel=0.3)


def test_units_do_not_matter():
    values = power_laws(10, noise=0.01)
    mean, deviation = extrapolate(STEPS[:4], values[:, :4], 3200)
    moved, stretched = extrapolate(STEPS[:4], 50 * values[:, :4] - 7, 3200)
    assert moved == pytest.approx(50 * mean - 7) and stretched == pytest.approx(50 * deviation)


def test_steps_without_any_value_do_not_count():
    values = power_laws(10)
    values[:, 3:] = np.nan
    short, long = extrapolate(STEPS[:3], values[:, :3], 800), extrapolate(STEPS, values, 800)
    assert long[0] == pytest.approx(short[0]) and long[1] == pytest.approx(short[1])
    only_first = extrapolate(STEPS, np.where(np.arange(5) < 1, values, np.nan), 800)[0]
    assert only_first == pytest.approx(values[:, 0], abs=0.05)


@pytest.mark.parametrize("values", [[[2.0]], [[2.0], [3.0], [2.5]], [[1.0, 1.0], [1.0, 1.0]]])
def test_little_is_enough(values):
    mean, deviation = extrapolate(STEPS[: len(values[0])], np.array(values), 400)
    assert np.isfinite(mean).all() and np.isfinite(deviation).all()
