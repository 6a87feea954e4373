"""Asynchronous halving as published."""

from search_methods.asha import epsilon_net


def test_an_epsilon_net_takes_far_points_first() -> None:
    points = [(0.0, 4.0), (1.0, 3.0), (4.0, 0.0), (9.0, 9.0)]
    assert epsilon_net(points) == [0, 2, 1, 3]
