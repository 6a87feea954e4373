"""Forecasts of measured costs, against laws that are known."""

import numpy as np

from nas.search.modelling.cost_forecast import CostForecast
from nas.statistics.rank_agreement import spearman_rho


def test_a_power_of_a_counted_cost_is_found() -> None:
    random = np.random.default_rng(0)
    counted, features = random.uniform(1e3, 1e6, (40, 2)), random.normal(size=(40, 5))
    measured = 3e-5 * counted[:, 0] ** 0.8
    forecast = CostForecast(features[:20], counted[:20], measured[:20])
    predicted = forecast.predict(features[20:], counted[20:])
    assert np.abs(np.log(predicted / measured[20:])).max() < 0.25


def test_what_counted_costs_do_not_say_is_learned_from_the_features() -> None:
    random = np.random.default_rng(1)
    counted, features = np.full((60, 1), 100.0), random.normal(size=(60, 2))
    measured = np.exp(features[:, 0])
    forecast = CostForecast(features[:40], counted[:40], measured[:40])
    rho = spearman_rho(forecast.predict(features[40:], counted[40:]).tolist(), measured[40:].tolist())
    assert rho is not None and rho > 0.9


def test_a_single_measurement_is_the_forecast_of_all() -> None:
    forecast = CostForecast(np.ones((1, 3)), np.full((1, 2), 7.0), np.array([5.0]))
    assert np.allclose(forecast.predict(np.ones((2, 3)), np.full((2, 2), 7.0)), 5.0)
