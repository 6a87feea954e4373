"""What a sampler knows of patterns, each once."""

from msgspec.structs import replace

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Window
from nas.results.proposal import Suggestion
from nas.search.samplers.evidence import evidence_of
from nas.search.samplers.observation import Observation


def identity(pattern: ModelPattern) -> str:
    return pattern.id


def test_evidence_has_each_trained_pattern_once() -> None:
    def known(window: int, values: tuple[float, ...] | None, *rungs: float | None, **options: float) -> Observation:
        pattern = ModelPattern.of([(HeadGroup(1, (Window(window),)),)])
        return Observation(
            Suggestion(params={"window": window + 1}), values, options, pattern, (window / 64,), (rungs,)
        )

    whole, half, running = known(3, (1.0, 3.0), 2.0, 1.0), known(5, (1.4, 5.0), 2.1, None), known(7, None, None, None)
    failed = known(9, (9.0, 9.0), None, None, trained=1.0)
    over_budget = known(60, (9.0, 60.0), None, None, trained=0.0, flops_ratio=0.5)
    impossible = Observation(Suggestion(params={"window": 65}), (9.0, 9.0), {"trained": 1.0})
    baseline = replace(known(5, (1.4, 5.0), 2.1, None), suggestion=Suggestion())
    evidence = evidence_of([baseline, whole, half, running, failed, over_budget, impossible, whole], identity)
    assert [pattern.layers[0].heads[0].attend[0] for pattern in evidence.patterns] == [
        Window(window) for window in (5, 3, 7, 9)
    ]
    assert evidence.params[0] == {"window": 6}, "a baseline that was asked for as well can be changed"
    assert evidence.published.tolist() == [True, False, False, False]
    assert evidence.allowed.tolist() == [True, True, True, False]
    assert evidence.costs[:, 0].tolist() == [5 / 64, 3 / 64, 7 / 64, 9 / 64]
    told = evidence.values[0]
    assert told[:2].tolist()[1] == [2.0, 1.0] and told[0, 0] == 2.1 and told[3].tolist() == [2.1, 1.0]
    assert evidence.num_trained == 3


def test_no_answers_are_evidence_of_nothing() -> None:
    evidence = evidence_of([], identity)
    assert evidence.num_trained == 0 and not evidence.patterns


def test_patterns_that_differ_in_the_order_of_heads_are_two_where_the_order_counts() -> None:
    wide, narrow = (HeadGroup(1, (Window(before=before),)) for before in (8, 2))
    patterns = [ModelPattern.of([heads]) for heads in ((wide, narrow), (narrow, wide))]
    history = [
        Observation(Suggestion(params={"order": place}), (2.0, 0.5), {}, pattern, (0.5,), ((2.0,),))
        for place, pattern in enumerate(patterns)
    ]
    assert len(evidence_of(history, identity).ids) == 1
    assert evidence_of(history, lambda pattern: pattern.id_in_order).ids == tuple(one.id_in_order for one in patterns)
