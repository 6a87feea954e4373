"""The provenance of an exported pattern: its bytes must never change, for `nas verify` compares them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from nas.results.codec import from_json
from nas.results.front import Front, StudyProvenance
from nas.results.provenance import MadeWith, Provenance
from tests.fronts import (
    QUALITY,
    make_cost,
    make_export_provenance,
    make_front,
    make_pattern,
    make_provenance,
    make_score,
)
from tests.result_strategies import fronts
from tests.strategies import quick


@quick
@given(fronts(), st.booleans())
def test_a_provenance_that_was_read_is_written_with_the_same_bytes(front: Front, costed: bool) -> None:
    """`nas verify` writes modules again from the provenance next to them, also for bundles of earlier versions."""
    provenance = make_export_provenance(
        make_pattern(),
        study=front.study,
        objectives=front.objectives,
        scores=front.scores,
        values={objective.name: 1.5 for objective in front.objectives},
        cost=make_cost() if costed else None,
        made_with=MadeWith.of(front),
    )
    text = json.dumps(provenance.to_dict(), allow_nan=False)
    again = from_json(text, Provenance)
    assert again == provenance
    assert json.dumps(again.to_dict()) == text


def test_the_order_of_the_keys() -> None:
    """Sorted inside what front.json has sorted; the rest in the order of the fields, versions and corpus first."""
    provenance = make_export_provenance(
        make_pattern(),
        objectives=(QUALITY,),
        scores=(make_score(),),
        values={"quality": 2.0, "flops": 1.0},
        cost=make_cost(),
    )
    document = provenance.to_dict()
    assert list(document) == list(Provenance.__struct_encode_fields__)
    assert list(document["objectives"][0]) == ["direction", "name", "unit"]
    assert list(document["scores"][0]) == sorted(document["scores"][0])
    assert list(document["cost"]) == sorted(document["cost"])
    assert list(document["values"]) == ["quality", "flops"]
    versions, corpus, *others = document["made_with"]
    assert (versions, corpus) == ("versions", "corpus_hash") and others == sorted(others)


def test_it_is_made_with_what_the_front_was_made_with() -> None:
    front = make_front(
        versions={"torch": "9"}, corpus_hash=None, provenance=make_provenance(rungs=(4, 16), num_tokens=64)
    )
    made_with = MadeWith.of(front)
    assert (made_with.versions, made_with.corpus_hash) == ({"torch": "9"}, None)
    own = {name: getattr(made_with, name) for name in StudyProvenance.__struct_fields__}
    assert StudyProvenance(**own) == front.provenance
    provenance = make_export_provenance(make_pattern(), made_with=made_with)
    assert (provenance.num_tokens, provenance.last_rung) == (64, 16)
