"""Random results for property tests: measurements, trials and fronts of random patterns."""

from typing import Any

from hypothesis import strategies as st

from nas.patterns.primitives.scale import CarryRules
from nas.results.cost import Cost
from nas.results.fidelity import (
    Agreement,
    FidelityReport,
    Forecast,
    LongRun,
    Move,
    ObjectiveFidelity,
    Reordering,
    RungAgreement,
)
from nas.results.front import (
    Baseline,
    Contender,
    Estimate,
    ExtraTask,
    FromScratch,
    Front,
    FrontPoint,
    InCheckpoint,
    StudyProvenance,
)
from nas.results.measurement import LengthQuality, Measurement, Outcome, PartQuality
from nas.results.objective import Objective, Score
from nas.results.trial import Trial, TrialState
from tests.strategies import patterns

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
MAYBE = st.none() | NUMBERS
COUNTS = st.integers(0, 10**30)
"""Costs of long sequences do not fit into 64 bits."""
NAMES = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), max_size=12)
"""What acts on a terminal is refused when it is read."""
DIRECTIONS = st.sampled_from(["minimize", "maximize"])
BY_NAME = st.dictionaries(NAMES, NUMBERS, max_size=3)


def tuples(values: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    """A few of the values."""
    return st.lists(values, min_size=least, max_size=3).map(tuple)


SEEDS = tuples(st.integers(0, 2**40))
COSTS = st.builds(
    Cost,
    **{name: COUNTS | st.none() if name in ("tiles", "tile_flops") else COUNTS for name in Cost.__struct_fields__},
)
OBJECTIVES = st.builds(Objective, name=NAMES, unit=NAMES, direction=DIRECTIONS)
SCORES = st.builds(
    Score, name=NAMES, task=NAMES, times=st.integers(1, 9), unit=NAMES, direction=DIRECTIONS, chance=NUMBERS, part=NAMES
)


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    """Training runs that ended in any way."""
    outcome = draw(st.sampled_from(Outcome))
    finished = outcome is Outcome.FINISHED
    longer = st.builds(LengthQuality, times=st.integers(2, 9), num_tokens=st.integers(2, 10**9), quality=NUMBERS)
    return Measurement(
        seed=draw(st.integers(0, 2**40)),
        learning_rate=draw(NUMBERS),
        step=draw(st.integers(0, 2**40)),
        outcome=outcome,
        quality=draw(NUMBERS if finished else st.none()),
        train_loss=draw(MAYBE if finished else st.none()),
        wall_seconds=draw(NUMBERS),
        task=draw(NAMES),
        longer=draw(tuples(longer)),
        parts=draw(tuples(st.builds(PartQuality, name=NAMES, quality=NUMBERS))),
    )


TRIALS = st.builds(
    Trial,
    number=st.integers(0, 10**6),
    state=st.sampled_from(TrialState),
    baseline=st.none() | NAMES,
    params=st.dictionaries(NAMES, st.booleans() | st.integers(-(2**70), 2**70) | NUMBERS | NAMES, max_size=3),
    pattern=st.none() | patterns(computing=True),
    cost=st.none() | COSTS,
    duplicate_of=st.none() | st.integers(0, 10**6),
    reason=NAMES,
    step=st.integers(0, 2**40),
    measurements=tuples(measurements()),
    scores=BY_NAME,
    values=BY_NAME,
)
"""Trials of any state, with and without a pattern."""

RUNGS = st.builds(
    RungAgreement,
    num_steps=st.integers(1, 99),
    num_trials=st.integers(0, 99),
    tau=st.dictionaries(NAMES, MAYBE, max_size=2),
)


@st.composite
def objective_fidelities(draw: st.DrawFn) -> ObjectiveFidelity:
    """Rankings that are known to be worth something, with all that is told of them, and rankings that are not."""
    agreements = st.builds(
        Agreement,
        num_patterns=st.integers(2, 99),
        tau=MAYBE,
        **dict.fromkeys(["mean", "low", "high", "above_half"], NUMBERS),
    )
    known = draw(st.booleans())
    runs = st.builds(LongRun, trial=st.integers(0, 99), short=NUMBERS, long=NUMBERS, forecast=st.booleans())
    forecasts = st.builds(Forecast, trial=st.integers(0, 99), value=NUMBERS, standard_deviation=NUMBERS)
    moves = st.builds(Move, trial=st.integers(0, 99), place=st.integers(1, 99), forecast_place=st.integers(1, 99))
    return ObjectiveFidelity(
        patterns=draw(tuples(runs)),
        agreement=draw(agreements) if known else None,
        **{name: draw(st.none() | agreements) for name in ("contenders", "measured", "forecast", "freed_of_noise")},
        noise_ceiling=draw(MAYBE),
        regret_of_best=draw(NUMBERS if known else MAYBE),
        regret_of_best_3=draw(MAYBE),
        forecasts=draw(tuples(forecasts)),
        moved=draw(tuples(moves)),
    )


def reports(objectives: list[str]) -> st.SearchStrategy[FidelityReport]:
    """Reports on some of the objectives."""
    return st.builds(
        FidelityReport,
        num_steps=st.integers(1, 2**40),
        times=st.integers(2, 9),
        num_seeds=st.integers(1, 9),
        share_of_steps=NUMBERS,
        regret_of_front=MAYBE,
        untrained_share=MAYBE,
        objectives=st.dictionaries(st.sampled_from(objectives), objective_fidelities(), max_size=2),
        rungs=tuples(RUNGS),
    )


ESTIMATES = st.builds(Estimate, mean=NUMBERS, standard_deviation=MAYBE)

PROVENANCES = st.builds(
    StudyProvenance,
    seed=st.integers(0, 2**40),
    **dict.fromkeys(["sampler", "task", "task_fingerprint", "target", "machine"], NAMES),
    num_tokens=st.integers(1, 10**9),
    pattern_tokens=st.integers(1, 10**9),
    carry=st.none() | st.builds(CarryRules, layers=st.sampled_from(["depth", "period"])),
    rungs=tuples(st.integers(1, 2**40), least=1),
    tokens_per_parameter=st.none() | st.floats(0, 1e9),
    evaluation=st.just(FromScratch())
    | st.builds(
        InCheckpoint,
        weights=st.sampled_from(["frozen", "lora"]),
        lora_rank=st.integers(1, 64),
        needle_depths=tuples(NUMBERS),
        needle_sequences=st.integers(1, 64),
        cost_tokens=st.none() | st.integers(1, 10**9),
    ),
    checkpoint_fingerprint=st.none() | NAMES,
    task_quality=st.sampled_from(["separate", "mean_rank"]),
    extra_tasks=st.dictionaries(
        NAMES,
        st.builds(ExtraTask, task_fingerprint=NAMES, corpus_hash=st.none() | NAMES, num_tokens=st.integers(1, 10**9)),
        max_size=2,
    ),
)


@st.composite
def fronts(draw: st.DrawFn) -> Front:
    """Fronts with a few points and baselines, which have a value for every objective or none at all."""
    objectives = draw(st.lists(OBJECTIVES, min_size=2, max_size=3, unique_by=lambda one: one.name))
    values = st.fixed_dictionaries({objective.name: NUMBERS for objective in objectives})

    def entry(values: st.SearchStrategy[dict[str, float]]) -> dict[str, Any]:
        pattern, cost = draw(patterns(computing=True)), draw(COSTS)
        return {
            "trial": draw(st.integers(0, 10**6)),
            "values": draw(values),
            **{name: draw(BY_NAME) for name in ("scores", "gain_of_last_rung")},
            "ratio_to_full": {name: draw(NUMBERS) for name in cost.counted},
            "front_probability": draw(MAYBE),
            "seeds": draw(SEEDS),
            "spread": draw(st.dictionaries(NAMES, MAYBE, max_size=3)),
            "estimates": draw(st.dictionaries(NAMES, ESTIMATES, max_size=3)),
            "cost": cost,
            "pattern_id": pattern.id,
            "pattern": pattern,
            "proxy_pattern": draw(st.none() | st.just(pattern)),
        }

    points = [
        FrontPoint(
            **entry(values),
            baseline=draw(st.none() | NAMES),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    baselines = [
        Baseline(
            **entry(values | st.just({})),
            baseline=draw(NAMES),
            on_front=draw(st.booleans()),
            state=draw(st.sampled_from(TrialState)),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    return Front(
        study=draw(NAMES),
        versions=draw(st.dictionaries(NAMES, NAMES, max_size=3)),
        corpus_hash=draw(st.none() | NAMES),
        objectives=tuple(objectives),
        scores=draw(tuples(SCORES)),
        points=tuple(points),
        baselines=tuple(baselines),
        contenders=draw(
            tuples(st.builds(Contender, trial=st.integers(0, 99), front_probability=NUMBERS, forecast=st.booleans()))
        ),
        reordering=draw(
            tuples(
                st.builds(
                    Reordering,
                    objective=st.sampled_from([objective.name for objective in objectives]),
                    from_steps=st.integers(1, 2**40),
                    to_steps=st.integers(1, 2**40),
                    num_trials=st.integers(2, 99),
                    deviation=NUMBERS,
                    per_doubling=MAYBE,
                )
            )
        ),
        noise=draw(st.dictionaries(NAMES, MAYBE | st.integers(0, 99), max_size=3)),
        fidelity=draw(st.none() | reports([objective.name for objective in objectives])),
        trials=draw(st.dictionaries(st.sampled_from(TrialState), st.integers(0, 99))),
        hypervolume_reference=draw(st.dictionaries(NAMES, NUMBERS, max_size=3)),
        hypervolume_by_trial=draw(tuples(st.tuples(st.integers(0, 99), NUMBERS))),
        provenance=draw(PROVENANCES),
    )
