"""The cost of a pattern: numbers under their names, and their shares of another cost's."""

import json
from math import isclose

from hypothesis import given
from hypothesis import strategies as st

from nas.results.codec import from_json, to_document
from nas.results.cost import UNITS, Cost
from tests.fronts import make_cost
from tests.result_strategies import COSTS
from tests.strategies import quick

POSITIVE = st.builds(Cost, **dict.fromkeys(Cost.__struct_fields__, st.integers(1, 10**30)))


@quick
@given(COSTS)
def test_a_cost_survives_json_to_the_digit(cost: Cost) -> None:
    assert from_json(json.dumps(to_document(cost)), Cost) == cost
    assert Cost(**cost.to_dict()) == cost


@quick
@given(POSITIVE, POSITIVE)
def test_every_number_is_a_share_of_the_other_costs(one: Cost, other: Cost) -> None:
    shares, back = one.ratio_to(other), other.ratio_to(one)
    assert list(shares) == list(Cost.__struct_fields__)
    assert all(isclose(shares[name] * back[name], 1) for name in shares)
    assert set(one.ratio_to(one).values()) == {1.0}


def test_what_is_not_counted_has_no_share() -> None:
    cost = make_cost(tiles=None, tile_flops=None)
    assert from_json(json.dumps(to_document(cost)), Cost) == cost
    for shares in (cost.ratio_to(make_cost()), make_cost().ratio_to(cost)):
        assert shares.keys() == cost.counted.keys() == set(Cost.__struct_fields__) - {"tiles", "tile_flops"}


def test_a_share_is_the_number_divided() -> None:
    half = make_cost(pairs=10).ratio_to(make_cost(pairs=40))
    assert half["pairs"] == 0.25


def test_what_is_shown_is_a_number_of_the_cost_and_the_length_is_not() -> None:
    assert UNITS.keys() == set(Cost.__struct_fields__) - {"num_tokens"}
    assert {name for name, unit in UNITS.items() if unit == "bytes"} == {"kv_cache_bytes", "activation_bytes"}
