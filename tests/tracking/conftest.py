import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from wandb.proto.wandb_internal_pb2 import Record  # type: ignore[attr-defined]

from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from nas.report.study.record import StudyRecord
from nas.results.cost import Cost
from nas.results.front import Front
from nas.results.insight import Level, ParameterEffect
from nas.results.measurement import Measurement, Outcome
from nas.results.observer import StudyInfo, StudyPlan
from nas.results.trial import Trial, TrialState
from nas.search.settings import StudySettings
from nas.tasks.language.text import TextSettings
from tests.fronts import OBJECTIVES, make_baseline, make_front, make_point, make_score, make_trial
from tests.records import make_insight, make_record


@dataclass
class Written:
    """What a W&B file holds, as W&B's own reader would see it."""

    run: Any
    config: dict[str, Any]
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None


def records(path: Path) -> Iterator[Record]:
    """A 7-byte header, then LevelDB log blocks of 32 KiB: checksum (4), length (2), type (1), data."""
    data, at, whole = path.read_bytes(), 7, b""
    while at + 7 <= len(data):
        left = 32768 - at % 32768
        if left < 7:
            at += left
            continue
        length, kind = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6]
        whole += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # full, or last part
            yield Record.FromString(whole)
            whole = b""


def read_run(path: Path) -> Written:
    written = None
    for record in records(path):
        kind = record.WhichOneof("record_type")
        if kind == "run":
            written = Written(record.run, _items(record.run.config.update))
        assert kind == "header" or written is not None
        if kind == "history":
            written.history.append(_items(record.history.item))
        elif kind == "summary":
            written.summary |= _items(record.summary.update)
        elif kind == "config":
            written.config |= _items(record.config.update)
        elif kind == "artifact":
            written.artifacts[record.artifact.name] = record.artifact
        elif kind == "exit":
            written.exit_code = record.exit.exit_code
    assert written is not None, f"{path} holds no run"
    return written


def _items(items: Any) -> dict[str, Any]:
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}


@pytest.fixture(scope="session")
def read_runs():
    """Every run of a study folder, by name; two of one name are a failure."""

    def read(folder: Path) -> dict[str, Written]:
        runs: dict[str, Written] = {}
        for path in sorted(folder.glob("wandb/*run-*/*.wandb")):
            written = read_run(path)
            assert written.run.display_name not in runs
            runs[written.run.display_name] = written
        return runs

    return read


def pattern(before: int) -> ModelPattern:
    local = HeadGroup(3, (Window(before), Global(2)))
    return ModelPattern.of([(local, HeadGroup(1, (Full(),))), (HeadGroup(4, (Full(),)),)])


def measurements(seed: int, *qualities: float | None) -> list[Measurement]:
    """One a rung; the last of None diverged."""
    return [
        Measurement(
            seed=seed,
            learning_rate=4e-3,
            step=100 * place,
            outcome=Outcome.DIVERGED if quality is None else Outcome.FINISHED,
            quality=quality,
            train_loss=None if quality is None else quality / 2,
            wall_seconds=0.75 * place,
            longer=(),
        )
        for place, quality in enumerate(qualities, 1)
    ]


def cost(flops: int) -> Cost:
    return Cost(
        num_tokens=128,
        pairs=flops // 64,
        tiles=8,
        attention_flops=flops,
        tile_flops=flops,
        forward_flops=3 * flops,
        train_flops=9 * flops,
        decode_pairs=64,
        kv_cache_bytes=flops // 8,
        activation_bytes=4096,
        num_parameters=1000,
    )


def ended(number: int, state: TrialState, *, seeds: int = 1, **known: Any) -> Trial:
    quality, flops = 2.5 - number / 10, 6400 * (number + 1)
    return Trial(
        number=number,
        state=state,
        pattern=pattern(4 + number),
        cost=cost(flops),
        step=200,
        measurements=tuple(
            one for seed in range(seeds) for one in measurements(seed, 3.0 + seed, quality + seed / 100)
        ),
        scores={"quality": quality},
        values={"quality": quality, "flops": float(flops), "kv_cache_bytes": flops / 8},
        **known,
    )


@pytest.fixture(scope="session")
def make_info():
    def make(parent: Path) -> StudyInfo:
        folder = parent / "long-text"
        folder.mkdir()
        settings = StudySettings(study="long-text", seed=7, task=TextSettings())
        return StudyInfo(
            name="long-text",
            folder=folder,
            settings=settings.to_document(),
            objectives=OBJECTIVES,
            scores=(make_score(),),
        )

    return make


@pytest.fixture
def info(make_info, tmp_path: Path) -> StudyInfo:
    return make_info(tmp_path)


@pytest.fixture(scope="session")
def trials() -> tuple[Trial, ...]:
    return (
        ended(0, TrialState.FINISHED, baseline="full"),
        ended(1, TrialState.FINISHED, seeds=2, params={"layer0.window": 5}),
        make_trial(2, TrialState.IMPOSSIBLE, reason="heads[0].count: must be 1 or more, got 0."),
        Trial(
            number=3,
            state=TrialState.DIVERGED,
            pattern=pattern(9),
            cost=cost(640),
            step=200,
            measurements=tuple(measurements(0, 3.0, None)),
            reason="the loss was not finite",
        ),
        ended(4, TrialState.DUPLICATE, duplicate_of=1),
    )


@pytest.fixture(scope="session")
def front(trials: tuple[Trial, ...]) -> Front:
    return make_front(
        study="long-text",
        points=(make_point(1, **_entry(trials[1])),),
        baselines=(make_baseline(0, **_entry(trials[0])),),
        hypervolume_by_trial=((0, 0.1), (1, 0.4), (2, 0.4), (3, 0.4), (4, 0.4)),
    )


@pytest.fixture(scope="session")
def record(front: Front, trials: tuple[Trial, ...]) -> StudyRecord:
    levels = tuple(Level(name=str(value), mean=2.4 + value / 10, num_trials=4) for value in (5, 7))
    effect = ParameterEffect(name="layer0.window", share=0.4, levels=levels)
    return make_record(front, trials, insight=make_insight(effects=(effect,)))


def _entry(trial: Trial) -> dict[str, Any]:
    """What a front knows of a trial."""
    assert trial.pattern is not None
    return {
        "baseline": trial.baseline,
        "values": trial.values,
        "scores": trial.scores,
        "seeds": trial.seeds,
        "spread": {"quality": 0.01 if len(trial.seeds) > 1 else None},
        "pattern": trial.pattern,
        "pattern_id": trial.pattern.id,
    }


@pytest.fixture(scope="session")
def plan() -> StudyPlan:
    return StudyPlan(
        num_baselines=1,
        num_sampled=4,
        rungs=(100, 200),
        legs=(100, 120),
        promoted_share=0.5,
        num_confirmations=0,
        confirmation=200,
        num_long_runs=0,
        long_steps=800,
        scoring=0,
    )
