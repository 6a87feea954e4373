"""Edges of the space that the front crowds at."""

import json

import pytest

from nas.report.study.edges import crowded_edges
from nas.results.proposal import Suggestion
from tests.records import trained_trial


def _suggestion(index: int, low: float = 0, high: float = 3, description: str | None = None) -> Suggestion:
    text = json.dumps({"name": "IntDistribution", "attributes": {"low": low, "high": high, "step": 1, "log": False}})
    return Suggestion(params={"width": index}, distributions={"width": text if description is None else description})


def _edges(*places: int, options: tuple[int, ...] = (4, 8, 16, 32)):
    trials = [trained_trial(n, 2.6, 2.5, 2.4, params={"width": options[at]}) for n, at in enumerate(places)]
    return crowded_edges(trials, {n: _suggestion(at) for n, at in enumerate(places)})


def test_half_of_the_points_at_an_end_are_a_crowd():
    [edge] = _edges(0, 0, 1, 2)
    assert (edge.parameter, edge.end, edge.value, edge.trials, edge.num_points) == ("width", "smallest", 4, (0, 1), 4)
    [edge] = _edges(3, 3, 3)
    assert (edge.end, edge.value, len(edge.trials)) == ("largest", 32, 3)


def test_fewer_are_none():
    assert _edges(0, 1, 2, 2, 1) == ()


@pytest.mark.parametrize("least", [0, 1])
def test_nothing_lies_below_none_or_one(least):
    assert _edges(0, 0, 0, options=(least, 8, 16, 32)) == ()


@pytest.mark.parametrize("description", ["", "[", "{}", '{"attributes": {"choices": ["a"]}}', "[" * 100_000, "1e999"])
def test_what_describes_no_number_is_left_out(description):
    trials = [trained_trial(n, 2.6, 2.5, 2.4, params={"width": 4}) for n in range(3)]
    assert crowded_edges(trials, {n: _suggestion(0, description=description) for n in range(3)}) == ()


def test_a_choice_of_one_has_no_edge():
    trials = [trained_trial(n, 2.6, 2.5, 2.4, params={"width": 4}) for n in range(3)]
    assert crowded_edges(trials, {n: _suggestion(0, high=0) for n in range(3)}) == ()
