"""Choices that need no search, on the shipped table."""

from pathlib import Path

import pytest
from search_methods.priors import FIRST, SECOND, growing, narrow_first, of_prior, trained, untrained
from search_methods.truth import load

from nas.errors import InputError
from tests.tiny_table import pretend_table

TABLES = Path(__file__).parents[3] / "tables"
TABLE = TABLES / "tabular-text.jsonl"


def test_a_prior_has_the_patterns_that_it_describes() -> None:
    table, _, _ = load(TABLE)
    params = {entry.pattern.id: entry.params for entry in table.plan.entries}
    narrow, grown = of_prior(TABLE, 0, narrow_first), of_prior(TABLE, 0, growing)
    assert len(narrow) == 5 and len(grown) == 15 and set(narrow) < set(grown)
    assert {params[identity][FIRST] for identity in narrow} == {4}
    assert all(int(params[identity][FIRST]) <= int(params[identity][SECOND]) for identity in grown)
    assert len(of_prior(TABLES / "ladder" / "S-plain.jsonl", 0, growing)) == 6


def test_what_is_not_trained_costs_nothing() -> None:
    own = untrained(TABLE, 0, 3, prior=growing, at_random=False, num_trials=60)
    other = untrained(TABLE, 0, 3, prior=growing, at_random=True, num_trials=60)
    assert [moment.flops for moment in own.moments] == [moment.flops for moment in other.moments] == [0]
    assert own.num_chosen == other.num_chosen == (15,) and own.moments[0].ids != other.moments[0].ids


def test_a_trained_prior_pays_for_its_runs_and_chooses_their_front() -> None:
    _, _, truth = load(TABLE)
    search = trained(TABLE, 0, 3, prior=growing, num_steps=960, num_trials=60)
    ids = of_prior(TABLE, 0, growing)
    assert search.moments[-1].flops == pytest.approx(960 * sum(truth.step_flops[identity] for identity in ids))
    assert set(search.moments[-1].ids) == set(truth.observed_front(ids, 3, 960))


def test_a_table_of_another_space_is_refused(tmp_path: Path) -> None:
    pretend_table(tmp_path / "tiny.jsonl")
    with pytest.raises(InputError, match=r"tiny\.jsonl: must have patterns of space=tabular with windows alone, got 0"):
        of_prior(tmp_path / "tiny.jsonl", 0, growing)
