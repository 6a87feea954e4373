"""The proposal of a trial: ask.json, as a resumed study reads it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.results.codec import DamagedError, from_document, from_json, to_document
from nas.results.proposal import Proposal, Suggestion
from tests.fronts import make_pattern
from tests.result_strategies import NAMES, NUMBERS
from tests.strategies import patterns, quick

PARAMS = st.dictionaries(NAMES, st.booleans() | st.integers(-(2**70), 2**70) | NUMBERS | NAMES, max_size=3)
NOTES = st.recursive(st.none() | st.integers() | NAMES, lambda inner: st.lists(inner, max_size=2), max_leaves=4)
SUGGESTIONS = st.builds(
    Suggestion,
    params=PARAMS,
    distributions=st.dictionaries(NAMES, NAMES, max_size=3),
    attributes=st.dictionaries(NAMES, NOTES, max_size=2),
)
PROPOSALS = st.builds(
    Proposal,
    suggestion=SUGGESTIONS,
    pattern=st.none() | patterns(computing=True),
    chosen=PARAMS,
    flaw=NAMES,
    failure=NAMES,
    baseline=st.none() | NAMES,
)


@quick
@given(PROPOSALS)
def test_a_proposal_survives_json(proposal: Proposal) -> None:
    text = json.dumps(to_document(proposal), sort_keys=True, allow_nan=False)
    again = from_json(text, Proposal)
    assert again == proposal
    assert json.dumps(to_document(again), sort_keys=True) == text


@quick
@given(PROPOSALS)
def test_a_sampler_gets_its_params_back_with_their_types(proposal: Proposal) -> None:
    """Optuna distinguishes 1, 1.0 and True."""
    before = proposal.suggestion.params
    again = from_json(json.dumps(to_document(proposal), allow_nan=False), Proposal).suggestion.params
    assert {name: type(value) for name, value in again.items()} == {name: type(value) for name, value in before.items()}


def test_a_baseline_needs_no_suggestion() -> None:
    proposal = Proposal(suggestion=Suggestion(), pattern=make_pattern(), flaw="", baseline="full")
    assert to_document(proposal)["suggestion"] == {"params": {}, "distributions": {}, "attributes": {}}
    assert from_document(to_document(proposal), Proposal) == proposal


@pytest.mark.parametrize("name", ["suggestion", "flaw"])
def test_a_proposal_that_lacks_something_is_refused(name: str) -> None:
    document = to_document(Proposal(suggestion=Suggestion(), flaw="too wide"))
    del document[name]
    with pytest.raises(DamagedError, match=f"^Object missing required field `{name}`$"):
        from_document(document, Proposal)
