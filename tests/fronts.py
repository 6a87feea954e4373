"""Small builders of typed fronts: every field has a sensible default and can be replaced."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Block, Columns, Global, Primitive, Window
from nas.results.cost import Cost
from nas.results.fidelity import (
    Agreement,
    FidelityReport,
    LongRun,
    ObjectiveFidelity,
    ScaleAgreement,
    ScaleCheck,
)
from nas.results.front import Baseline, Estimate, FromScratch, Front, FrontPoint, InCheckpoint, StudyProvenance
from nas.results.objective import Objective, Score
from nas.results.observer import StudyInfo, StudyPlan
from nas.results.provenance import MadeWith, Provenance
from nas.results.trial import Trial, TrialState

QUALITY = Objective(name="quality", unit="bits per byte", direction="minimize")
FLOPS = Objective(name="flops", unit="FLOP", direction="minimize")
KV_CACHE = Objective(name="kv_cache_bytes", unit="bytes", direction="minimize")
OBJECTIVES = (QUALITY, FLOPS, KV_CACHE)

FULL_FLOPS, FULL_CACHE = 400_000_000, 262_144
"""What full attention costs in these fronts."""

LONG_PATTERN = ModelPattern.of(
    [(HeadGroup(1, (Window(before), Global(2))), HeadGroup(1, (Block(16), Columns(16, 4)))) for before in range(7, 20)]
)
"""Two heads in layers of which no two are alike, so that the label is longer than any terminal or picture."""


def make_score(name: str = "quality", **changes: Any) -> Score:
    """A score of the task text."""
    fields: dict[str, Any] = {
        "task": "text",
        "times": 1,
        "unit": "bits per byte",
        "direction": "minimize",
        "chance": 8.0,
    }
    return Score(name=name, **(fields | changes))


def make_info(**changes: Any) -> StudyInfo:
    """A study whose one score is quality."""
    fields: dict[str, Any] = {"name": "demo", "folder": Path("runs/demo"), "settings": {}, "objectives": OBJECTIVES}
    return StudyInfo(**(fields | {"scores": (make_score(),)} | changes))


def make_plan(num_trials: int = 30) -> StudyPlan:
    """Three rungs; one of the trials is a baseline."""
    return StudyPlan(
        num_baselines=1,
        num_sampled=num_trials - 1,
        rungs=(100, 200, 400),
        legs=(100, 120, 240),
        promoted_share=0.5,
        num_confirmations=0,
        confirmation=400,
        num_long_runs=0,
        long_steps=1600,
        scoring=0,
    )


def make_pattern(*attend: Primitive, heads: int = 2) -> ModelPattern:
    """One layer whose heads attend alike."""
    return ModelPattern.of([(HeadGroup(heads, attend or (Window(7),)),)])


def make_cost(flops: float = 0.5, cache: float = 0.5, **changes: Any) -> Cost:
    """A cost by its shares of full attention's."""
    fields: dict[str, Any] = {
        "num_tokens": 256,
        "pairs": int(flops * FULL_FLOPS / 64),
        "tiles": 16,
        "attention_flops": int(flops * FULL_FLOPS),
        "tile_flops": int(flops * FULL_FLOPS),
        "forward_flops": int((2 + flops) * FULL_FLOPS),
        "train_flops": int(3 * (2 + flops) * FULL_FLOPS),
        "decode_pairs": 256,
        "kv_cache_bytes": int(cache * FULL_CACHE),
        "activation_bytes": 4096,
        "num_parameters": 1000,
    }
    return Cost(**(fields | changes))


def make_values(quality: float = 2.3, flops: float = 0.5, cache: float = 0.5) -> dict[str, float]:
    """Values of `OBJECTIVES`, costs by their shares of full attention's."""
    return {"quality": quality, "flops": flops * FULL_FLOPS, "kv_cache_bytes": cache * FULL_CACHE}


def make_point(
    trial: int = 1, quality: float = 2.3, flops: float = 0.5, cache: float = 0.5, **changes: Any
) -> FrontPoint:
    """A point of a front, measured with two seeds."""
    return FrontPoint(**_entry(trial, quality, flops, cache, **changes))


def make_baseline(
    trial: int = 0, quality: float = 2.4, flops: float = 1.0, cache: float = 1.0, **changes: Any
) -> Baseline:
    """A finished baseline that is not on the front: full attention, unless it is named otherwise."""
    fields: dict[str, Any] = {"on_front": False, "state": TrialState.FINISHED}
    return Baseline(**(fields | _entry(trial, quality, flops, cache, **({"baseline": "full"} | changes))))


def as_baseline(point: FrontPoint) -> Baseline:
    """The same entry among the baselines."""
    own = {name: getattr(point, name) for name in FrontPoint.__struct_fields__}
    return Baseline(on_front=True, state=TrialState.FINISHED, **own)


def make_trial(number: int, state: TrialState, **known: Any) -> Trial:
    """A trial of which nothing is known but this."""
    nothing: dict[str, Any] = {"pattern": None, "cost": None, "measurements": ()}
    return Trial(number=number, state=state, **(nothing | known))


def make_export_provenance(pattern: ModelPattern, trial: int = 1, **changes: Any) -> Provenance:
    """Where a pattern without values comes from."""
    fields: dict[str, Any] = {
        "study": "demo",
        "baseline": None,
        "objectives": (),
        "scores": (),
        "values": {},
        "step": 0,
        "seeds": (),
        "spread": {},
        "cost": None,
        "ratio_to_full": {},
        "made_with": MadeWith.of(make_front()),
        "stopped_early": False,
    }
    return Provenance(trial=trial, pattern_id=pattern.id, **(fields | changes))


def make_provenance(**changes: Any) -> StudyProvenance:
    """How a study on the task text came about."""
    fields: dict[str, Any] = {
        "seed": 7,
        "sampler": "tpe",
        "task": "text",
        "task_fingerprint": "ab" * 32,
        "num_tokens": 256,
        "pattern_tokens": 256,
        "carry": None,
        "rungs": (100, 200, 400),
        "target": "proxy",
        "evaluation": FromScratch(),
        "checkpoint_fingerprint": None,
        "task_quality": "separate",
        "extra_tasks": {},
        "machine": "x86_64",
    }
    return StudyProvenance(**(fields | changes))


def make_front(**changes: Any) -> Front:
    """A front of one point and full attention."""
    fields: dict[str, Any] = {
        "study": "demo",
        "versions": {"torch": "2.13.0"},
        "corpus_hash": "cd" * 32,
        "objectives": OBJECTIVES,
        "scores": (make_score(),),
        "points": (make_point(),),
        "baselines": (make_baseline(),),
        "contenders": (),
        "noise": {"num_patterns": 0, "quality_standard_deviation": None},
        "reordering": (),
        "fidelity": None,
        "trials": {TrialState.FINISHED: 2},
        "hypervolume_reference": {},
        "hypervolume_by_trial": ((0, 0.1), (1, 0.4)),
        "provenance": make_provenance(),
    }
    return Front(**(fields | changes))


def make_agreement(num_patterns: int = 6, **changes: Any) -> Agreement:
    """Six patterns that nearly keep their order."""
    fields: dict[str, Any] = {"tau": 0.87, "mean": 0.71, "low": 0.31, "high": 0.95, "above_half": 0.85}
    return Agreement(num_patterns=num_patterns, **(fields | changes))


def make_scale_check(**changes: Any) -> ScaleCheck:
    """A check one size up of six patterns; changes are of its one objective."""
    own: dict[str, Any] = {"patterns": (), "agreement": make_agreement(), "regret_of_best": 0.012}
    return ScaleCheck(
        scale=2,
        num_tokens=4096,
        num_layers=12,
        num_steps=1200,
        step_flops=4.2,
        objectives={"quality": ScaleAgreement(**(own | changes))},
        regret_of_front=None,
    )


def make_fidelity(**changes: Any) -> FidelityReport:
    """A report on quality in which six patterns, two of them stopped early, keep their ranks; changes are quality's."""
    runs = (LongRun(trial=number, short=2.0, long=1.8, forecast=number in (2, 3)) for number in range(6))
    fields: dict[str, Any] = {
        "patterns": tuple(runs),
        "agreement": make_agreement(),
        "contenders": make_agreement(3, tau=0.33, mean=0.2, low=-0.6, high=0.85, above_half=0.29),
        "measured": make_agreement(4),
        "forecast": make_agreement(2),
        "freed_of_noise": make_agreement(),
        "noise_ceiling": 0.73,
        "regret_of_best": 0.004,
        "regret_of_best_3": 0.0,
        "forecasts": (),
        "moved": (),
    }
    quality = ObjectiveFidelity(**(fields | changes))
    return FidelityReport(
        num_steps=1600,
        times=4,
        num_seeds=2,
        share_of_steps=0.17,
        objectives={"quality": quality},
        rungs=(),
        regret_of_front=0.02,
        untrained_share=0.71,
    )


def make_checkpoint_front(num_points: int = 8) -> Front:
    """A front in a pretrained decoder: text and needles, needles by depth, and labels of many layers."""
    text = Objective(name="quality_text", unit="bits per byte", direction="minimize")
    needle = Objective(name="quality_needle", unit="share of value tokens", direction="maximize")
    depths = (10, 30, 50, 70, 90)
    scores = (
        make_score("quality_text", unit=text.unit),
        make_score("quality_needle", task="needle", unit=needle.unit, direction="maximize", chance=0.0),
        *(
            make_score(
                f"quality_needle_depth_{depth}",
                task="needle",
                part=f"depth_{depth}",
                unit=needle.unit,
                direction="maximize",
                chance=0.0,
            )
            for depth in depths
        ),
    )

    def measured(entry: Any) -> dict[str, Any]:
        share = 0.9 - entry.trial / 40
        known = {f"quality_needle_depth_{depth}": share - (depth == 30) / 4 for depth in depths}
        values = {"quality_text": 0.7 + entry.trial / 100, "quality_needle": share}
        return {
            "values": values | {"kv_cache_bytes": entry.values["kv_cache_bytes"]},
            "scores": values | known,
            "estimates": {},
            "spread": {},
            "pattern": LONG_PATTERN,
            "pattern_id": LONG_PATTERN.id,
        }

    points = tuple(make_point(number, cache=0.9 - number / 20) for number in range(1, num_points + 1))
    evaluation = InCheckpoint(
        weights="frozen",
        lora_rank=0,
        needle_depths=tuple(depth / 100 for depth in depths),
        needle_sequences=12,
        cost_tokens=None,
    )
    return change_entries(
        make_front(points=points),
        measured,
        objectives=(text, needle, KV_CACHE),
        scores=scores,
        provenance=make_provenance(evaluation=evaluation),
    )


def make_target_front(num_points: int = 8) -> Front:
    """A front for a target: projected and measured quality with noise, and labels of many layers."""
    projected = Objective(name="quality_projected", unit="bits per byte", direction="minimize")
    scores = (
        make_score("quality"),
        make_score("quality_projected", projected_to=5132),
        make_score("quality_2x", times=2),
    )

    def measured(entry: Any) -> dict[str, Any]:
        quality = 2.0 + entry.trial / 50
        values = {**entry.values, "quality_projected": quality}
        values.pop("quality")
        return {
            "values": values,
            "scores": {"quality": quality + 0.3, "quality_projected": quality, "quality_2x": quality + 0.4},
            "estimates": {"quality_projected": Estimate(mean=quality, standard_deviation=0.018)},
            "spread": {"quality_projected": 0.01},
            "front_probability": 0.62,
            "pattern": LONG_PATTERN,
            "pattern_id": LONG_PATTERN.id,
        }

    points = tuple(make_point(number, flops=0.9 / number) for number in range(1, num_points + 1))
    fidelity = make_fidelity()
    fidelity = replace(fidelity, objectives={"quality_projected": fidelity.objectives["quality"]})
    provenance = make_provenance(tokens_per_parameter=3.7, target="llama-3.1-8b-32k", pattern_tokens=32768)
    return change_entries(
        make_front(points=points),
        measured,
        objectives=(projected, FLOPS, KV_CACHE),
        scores=scores,
        fidelity=fidelity,
        provenance=provenance,
    )


def change_entries(front: Front, change: Callable[[Any], dict[str, Any]], **changes: Any) -> Front:
    """A front whose points and baselines get what `change` says of each; more keywords change the front itself."""
    points = tuple(replace(entry, **change(entry)) for entry in front.points)
    baselines = tuple(replace(entry, **change(entry)) for entry in front.baselines)
    return replace(front, points=points, baselines=baselines, **changes)


def _entry(trial: int, quality: float, flops: float, cache: float, **changes: Any) -> dict[str, Any]:
    cost = make_cost(flops, cache)
    pattern = changes.get("pattern", make_pattern())
    fields: dict[str, Any] = {
        "trial": trial,
        "baseline": None,
        "values": make_values(quality, flops, cache),
        "scores": {"quality": quality},
        "estimates": {"quality": Estimate(mean=quality + 0.002, standard_deviation=0.006)},
        "seeds": (0, 1),
        "spread": {"quality": 0.0123},
        "front_probability": None,
        "gain_of_last_rung": {},
        "cost": cost,
        "ratio_to_full": cost.ratio_to(make_cost(1.0, 1.0)),
        "pattern_id": pattern.id,
        "pattern": pattern,
    }
    return fields | changes
