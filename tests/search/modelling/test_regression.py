import numpy as np
import pytest

from nas.search.modelling.regression import MOST_COMPARED, MOST_FITTED, Regression


def problem(num, seed=0, noise=0.05):
    """Targets that are linear in one feature, a smooth function of another, and linear in an input."""
    random = np.random.default_rng(seed)
    features, inputs = random.standard_normal((num, 3)), random.standard_normal((num, 2))
    inputs[:, 0] = 1.0
    targets = features[:, 0] + np.sin(2 * features[:, 1]) + 0.5 * inputs[:, 1] + 3.0
    return features, inputs, targets + noise * random.standard_normal(num)


DEVIATIONS = np.array([5.0, 0.5])


def test_it_predicts_what_it_did_not_see_and_knows_how_well():
    features, inputs, targets = problem(120)
    regression = Regression(features[:80], inputs[:80], targets[:80], DEVIATIONS)
    mean, variance = regression.predict(features[80:], inputs[80:])
    errors = (mean - targets[80:]) / np.sqrt(variance)
    assert (mean - targets[80:]).std() < 0.5 * targets.std()
    assert (np.abs(errors) < 1.645).mean() > 0.75
    assert regression.coefficients == pytest.approx([3.0, 0.5], abs=0.4)


def test_nothing_known_is_the_prior():
    features, inputs, _ = problem(10)
    regression = Regression(np.zeros((0, 3)), np.zeros((0, 2)), np.zeros(0), DEVIATIONS)
    mean, covariance = regression.predict_jointly(features, inputs)
    assert (mean == 0).all()
    assert np.linalg.eigvalsh(covariance).min() > 0
    assert np.diag(covariance).mean() == pytest.approx(1 + 25 + 0.25 * np.mean(inputs[:, 1] ** 2), rel=0.2)


def test_one_observation_moves_all():
    features, inputs, targets = problem(10)
    mean, variance = Regression(features[:1], inputs[:1], targets[:1], DEVIATIONS).predict(features, inputs)
    assert mean == pytest.approx(np.full(10, targets[0]), abs=1.0)
    assert variance[0] < variance[1:].min()


@pytest.mark.parametrize("num_known", [0, 1, 7, 40])
def test_variances_are_those_of_the_covariance(num_known):
    features, inputs, targets = problem(60)
    known = slice(0, num_known)
    regression = Regression(features[known], inputs[known], targets[known], DEVIATIONS)
    mean, variance = regression.predict(features, inputs)
    joint_mean, covariance = regression.predict_jointly(features, inputs)
    assert (mean == joint_mean).all()
    assert variance == pytest.approx(np.diag(covariance), rel=1e-9)


def test_more_observations_than_are_compared_are_all_used():
    features, inputs, targets = problem(3 * MOST_COMPARED, noise=0.3)
    new, new_inputs, truth = problem(100, seed=1, noise=0.0)
    errors = []
    for num in (MOST_COMPARED, 3 * MOST_COMPARED):
        regression = Regression(features[:num], inputs[:num], targets[:num], DEVIATIONS)
        errors.append((regression.predict(new, new_inputs)[0] - truth).std())
    assert errors[1] < 0.9 * errors[0]


def test_features_may_be_missing():
    inputs = np.ones((4, 1))
    regression = Regression(np.zeros((4, 0)), inputs, np.array([1.0, 1.2, 0.8, 1.0]), np.array([5.0]))
    mean, _ = regression.predict(np.zeros((2, 0)), inputs[:2])
    assert mean == pytest.approx([1.0, 1.0], abs=0.1)


def test_of_many_observations_an_even_part_is_fitted():
    features, inputs, targets = problem(3 * MOST_FITTED - 2)
    some = slice(None, None, 3)
    assert len(targets[some]) == MOST_FITTED
    part = Regression(features[some], inputs[some], targets[some], DEVIATIONS).predict(features, inputs)
    whole = Regression(features, inputs, targets, DEVIATIONS).predict(features, inputs)
    assert all((one == other).all() for one, other in zip(part, whole, strict=True))
