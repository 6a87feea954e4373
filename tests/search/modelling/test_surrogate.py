import numpy as np
import pytest

from nas.search.modelling.surrogate import GOES_ON, JointPrediction, Surrogate, prior_factors
from nas.statistics.rank_agreement import kendall_tau

NUM_RUNGS = 4
RUNGS = (100, 200, 400, 800)


def study(num, seed=0, noise=0.01):
    """Trials whose early values favour a feature that hurts later on."""
    random = np.random.default_rng(seed)
    features = random.standard_normal((num, 5))
    start = 3.0 + 0.2 * features[:, 0] + 0.1 * random.standard_normal(num)
    gains = 0.3 + 0.15 * features[:, 1]
    values = start[:, None] - gains[:, None] * np.array([0.0, 1.0, 1.8, 2.4])
    return features, values + noise * random.standard_normal(values.shape)


def hidden(values, num_whole, num_rungs):
    """The first trials whole, the others up to a rung."""
    told = values.copy()
    told[num_whole:, num_rungs:] = np.nan
    return told


def tau(left, right):
    return kendall_tau(left.tolist(), right.tolist())


def test_early_scores_are_corrected_by_features():
    features, values = study(80)
    told = hidden(values, num_whole=16, num_rungs=1)
    predicted = Surrogate(features, told, RUNGS).predict(features, told)
    ranking = tau(predicted.mean[16:], values[16:, -1])
    assert ranking > 0.7 > tau(values[16:, 0], values[16:, -1]) + 0.2


def test_its_intervals_hold_what_they_say():
    inside = []
    for seed in range(6):
        features, values = study(60, seed)
        told = hidden(values, num_whole=12, num_rungs=1 + seed % 3)
        predicted = Surrogate(features, told, RUNGS).predict(features, told)
        inside.append(np.abs(predicted.mean - values[:, -1])[12:] < 1.645 * predicted.deviation[12:])
    assert 0.8 < np.mean(inside) <= 1.0


def test_what_is_known_stays_as_it_is():
    features, values = study(20)
    told = hidden(values, num_whole=5, num_rungs=2)
    predicted = Surrogate(features, told, RUNGS).predict(features, told)
    assert (predicted.mean[:5] == values[:5, -1]).all()
    assert (predicted.deviation[:5] == 0).all() and (predicted.deviation[5:] > 0).all()


@pytest.mark.parametrize("num_whole", [0, 1, 2, 3])
@pytest.mark.parametrize("num_rungs", [1, 2, 3])
def test_with_few_whole_trials_the_early_order_nearly_stands(num_whole, num_rungs):
    features, values = study(30, seed=num_whole)
    told = hidden(values, num_whole, num_rungs)
    predicted = Surrogate(features, told, RUNGS).predict_jointly(features, told)
    early = values[num_whole:, num_rungs - 1]
    if num_rungs > 1:
        early = early - (values[num_whole:, num_rungs - 2] - early)  # going on as before
    assert tau(predicted.mean[num_whole:], early) > 0.6
    assert np.isfinite(predicted.covariance).all()


def test_without_any_value_it_has_a_prior():
    features, _ = study(10)
    nothing = np.full((10, NUM_RUNGS), np.nan)
    predicted = Surrogate(features, nothing, RUNGS).predict(features, nothing)
    assert (predicted.mean == 0).all() and (predicted.deviation > 0).all()
    alone = Surrogate(np.zeros((0, 5)), np.zeros((0, NUM_RUNGS)), RUNGS).predict(features, nothing)
    assert np.isfinite(alone.mean).all() and (alone.deviation > 0).all()


def test_equal_values_and_constant_features_do_no_harm():
    features, told = np.ones((6, 3)), np.full((6, 2), 2.0)
    told[3:, 1] = np.nan
    predicted = Surrogate(features, told, RUNGS).predict(features, told)
    assert predicted.mean == pytest.approx(np.full(6, 2.0), abs=1e-6)


def test_fresh_candidates_are_predicted_from_features_alone():
    features, values = study(80)
    fresh, truth = study(40, seed=1)
    predicted = Surrogate(features, values, RUNGS).predict(fresh, np.full((40, NUM_RUNGS), np.nan))
    assert tau(predicted.mean, truth[:, -1]) > 0.5


def test_a_few_bad_trials_do_not_spoil_the_ranking_of_the_others():
    features, values = study(60)
    told = hidden(values, num_whole=16, num_rungs=2)
    told[[3, 20, 40]] += 30.0
    predicted = Surrogate(features, told, RUNGS).predict(features, told)
    others = np.setdiff1d(np.arange(16, 60), [20, 40])
    assert tau(predicted.mean[others], values[others, -1]) > 0.7
    assert predicted.mean[3] == told[3, -1]
    assert predicted.mean[[20, 40]].min() > np.median(predicted.mean[others])


def test_units_do_not_matter():
    features, values = study(30)
    told = hidden(values, num_whole=6, num_rungs=2)
    one = Surrogate(features, told, RUNGS).predict(features, told)
    other = Surrogate(7 * features - 2, 50 * told + 3, RUNGS).predict(7 * features - 2, 50 * told + 3)
    assert other.mean == pytest.approx(50 * one.mean + 3)
    assert other.deviation == pytest.approx(50 * one.deviation, abs=1e-6)


def test_noise_is_told_apart_from_what_is_not_known() -> None:
    for noise in (0.01, 0.1):
        features, values = study(150, noise=noise)
        fresh = np.full((1, NUM_RUNGS), np.nan)
        predicted = Surrogate(features[:, :2], values[:, -1:], RUNGS[-1:]).predict_jointly(
            features[:1, :2], fresh[:, -1:]
        )
        assert predicted.noise < predicted.covariance[0, 0]
        assert predicted.noise == pytest.approx(0.1**2 + noise**2, rel=0.5)


def test_trials_may_be_predicted_apart_or_together():
    features, values = study(20)
    told = hidden(values, num_whole=4, num_rungs=2)
    surrogate = Surrogate(features, told, RUNGS)
    together = surrogate.predict_jointly(features, told)
    apart = surrogate.predict_jointly(features[7:9], told[7:9])
    assert apart.mean == pytest.approx(together.mean[7:9])
    assert apart.covariance == pytest.approx(together.covariance[7:9, 7:9], abs=1e-12)


@pytest.mark.parametrize("num_rungs", [1, 2, NUM_RUNGS])
@pytest.mark.parametrize("num_whole", [0, 1, 12])
def test_each_by_itself_is_predicted_as_among_all(num_whole, num_rungs):
    features, values = study(30)
    told = hidden(values, num_whole, num_rungs)
    told[-5:] = np.nan
    surrogate = Surrogate(features, told, RUNGS)
    alone, together = surrogate.predict(features, told), surrogate.predict_jointly(features, told)
    assert alone.mean == pytest.approx(together.mean, abs=1e-12)
    assert alone.deviation**2 == pytest.approx(np.diag(together.covariance), abs=1e-12)


def test_samples_have_the_mean_and_the_covariance():
    covariance = np.array([[0.0, 0.0, 0.0], [0.0, 2.0, 1.0], [0.0, 1.0, 3.0]])
    prediction = JointPrediction(np.array([1.0, 2.0, 3.0]), covariance, noise=0.0)
    drawn = prediction.sample(20_000, seed=0)
    assert (drawn[:, 0] == 1).all()
    assert drawn.mean(axis=0) == pytest.approx([1, 2, 3], abs=0.05)
    assert np.cov(drawn.T) == pytest.approx(covariance, abs=0.1)
    assert (prediction.sample(5, seed=0) == prediction.sample(5, seed=0)).all()


def test_what_draws_say_of_others_is_conditional():
    prediction = JointPrediction(np.array([0.0, 10.0]), np.array([[4.0, 2.0], [2.0, 2.0]]), noise=0.0)
    drawn, means, deviation = prediction.given(1, 100, seed=0)
    assert means[:, 0] == pytest.approx(10 + drawn[:, 0] / 2, abs=1e-6)
    assert deviation == pytest.approx([1.0], abs=1e-6)


def test_the_prior_follows_a_power_of_the_steps_whatever_the_ratio_of_rungs():
    assert prior_factors([100]).tolist() == []
    assert prior_factors([100, 200]).tolist() == [1.0]
    assert prior_factors([100, 200, 400]) == pytest.approx([-GOES_ON, 1 + GOES_ON])
    for rungs in ([100, 200, 800], [30, 90, 270], [5, 20, 21]):
        curve = 2.0 + 3.0 * np.array(rungs) ** np.log2(GOES_ON)
        assert prior_factors(rungs) @ curve[:2] == pytest.approx(curve[2])
