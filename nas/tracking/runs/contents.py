"""What of a study goes into which W&B run."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from nas.results.observer import StudyInfo
from nas.results.trial import Trial
from nas.search.folder.settings_document import FREE_TO_CHANGE, settings_to_dict
from nas.tracking.runs.flatten import attend_text, flatten_pattern, flatten_settings
from nas.tracking.redact import redact
from nas.tracking.runs.run import Artifact, Row, Run, Scatter, Table

_NO_ARTIFACT_NAME = re.compile(r"[^A-Za-z0-9._-]")


def all_runs(info: StudyInfo, trials: Sequence[Trial], front: dict[str, Any] | None) -> list[Run]:
    """Every run that a study should have; without a front, as long as it has not ended, none of the study itself."""
    runs = [trial_run(info, trial) for trial in trials]
    return runs if front is None else [*runs, study_run(info, trials, front)]


def trial_run(info: StudyInfo, trial: Trial) -> Run:
    """The run of one trial or baseline: its curve by step, its pattern and the settings, its objectives."""
    pattern = flatten_pattern(trial.pattern) if trial.pattern else {}
    params = {f"params.{name}": value for name, value in trial.params.items()}
    config = {"trial": trial.number, "baseline": trial.baseline} | pattern | params | flatten_settings(_settings(info))
    return Run(
        id=_run_id(info, str(trial.number)),
        name=trial.baseline or f"trial-{trial.number:05d}",
        group=info.name,
        job_type="baseline" if trial.baseline else "trial",
        config=redact(config),
        history=_curves(trial),
        summary=redact(_trial_summary(trial)),
    )


def study_run(info: StudyInfo, trials: Sequence[Trial], front: dict[str, Any]) -> Run:
    """The run of the study: all trials, the front as table, plots and artifact, hypervolume by trial."""
    names = [objective["name"] for objective in info.objectives]
    scores = [score["name"] for score in info.scores]
    columns = list(dict.fromkeys([*names, *scores]))
    hypervolumes = front["hypervolume_by_trial"]
    return Run(
        id=_run_id(info, "study"),
        name=info.name,
        group=info.name,
        job_type="study",
        config=redact(flatten_settings(_settings(info))),
        history=tuple((trial, {"hypervolume": value}) for trial, value in hypervolumes),
        summary=_study_summary(trials, front),
        tables={"trials": _trials_table(trials, columns), "front": _front_table(front, columns, scores)},
        plots={
            f"front_{name}": Scatter(table="front", x=name, y=names[0], title=f"Pareto front: {names[0]} by {name}")
            for name in names[1:]
        },
        artifacts=(
            Artifact(
                name=_NO_ARTIFACT_NAME.sub("-", f"{info.name}-front"),
                type="pareto-front",
                file="front.json",
                document=redact(front),
            ),
        ),
    )


def _run_id(info: StudyInfo, part: str) -> str:
    """16 hexadecimal digits from the study's name, its settings and the part.

    The settings are in it so that a new study under an old name does not overwrite the old one's runs.
    """
    text = json.dumps([info.name, _settings(info), part], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _settings(info: StudyInfo) -> dict[str, Any]:
    """What makes the study's results; a study resumed with more trials or workers keeps its runs."""
    return {key: value for key, value in settings_to_dict(info.settings).items() if key not in FREE_TO_CHANGE}


def _curves(trial: Trial) -> tuple[tuple[int, Row], ...]:
    """The search's own seed as `quality` and `train_loss`, further ones as `seed<s>/quality` and so on.

    With several tasks a name begins with the task: `recall/quality`, `recall/seed1/quality`.
    """
    rows: dict[int, Row] = {}
    several = len({measurement.task for measurement in trial.measurements}) > 1
    for measurement in trial.measurements:
        prefix = f"{measurement.task}/" if several else ""
        prefix += f"seed{measurement.seed}/" if measurement.seed != trial.measurements[0].seed else ""
        if measurement.quality is not None:
            row = rows.setdefault(measurement.step, {})
            row[f"{prefix}quality"], row[f"{prefix}train_loss"] = measurement.quality, measurement.train_loss
    return tuple(sorted(rows.items()))


def _trial_summary(trial: Trial) -> Row:
    summary: Row = {
        "state": trial.state.value,
        "reason": trial.reason,
        "seeds": list(dict.fromkeys(one.seed for one in trial.measurements if one.step == trial.step)),
        "step": trial.step,
        "wall_seconds": sum(_seconds_by_training(trial).values()),
    }
    if trial.pattern is not None:
        summary |= {"pattern_id": trial.pattern.id, "attend": attend_text(trial.pattern)}
    if trial.duplicate_of is not None:
        summary["duplicate_of"] = trial.duplicate_of
    cost = trial.cost.to_dict() if trial.cost else {}
    return summary | {f"cost/{name}": value for name, value in cost.items()} | trial.scores | trial.values


def _seconds_by_training(trial: Trial) -> dict[tuple[int, str], float]:
    """Seconds spent with each seed on each task; what a rung says includes the trunk below it."""
    return {(one.seed, one.task): one.wall_seconds for one in trial.measurements}


def _study_summary(trials: Sequence[Trial], front: dict[str, Any]) -> Row:
    states = Counter(trial.state.value for trial in trials)
    hypervolumes = front["hypervolume_by_trial"]
    return {
        "num_trials": len(trials),
        "num_front_points": len(front["points"]),
        "hypervolume": hypervolumes[-1][1] if hypervolumes else None,
        **_fidelity(front),
        **{f"num_{state}": count for state, count in sorted(states.items())},
    }


def _fidelity(front: dict[str, Any]) -> Row:
    """What the ranking is worth, by objective; nothing if nobody has looked."""
    objectives = (front.get("fidelity") or {}).get("objectives", {})
    return {f"fidelity/{name}/{key}": own[key] for name, own in objectives.items() for key in ("tau", "regret_of_best")}


def _trials_table(trials: Sequence[Trial], measured: Sequence[str]) -> Table:
    columns = ["trial", "baseline", "state", "pattern_id", "attend", *measured, "reason"]
    rows = [
        [
            trial.number,
            trial.baseline,
            trial.state.value,
            trial.pattern.id if trial.pattern else None,
            attend_text(trial.pattern) if trial.pattern else None,
            *((trial.scores | trial.values).get(name) for name in measured),
            redact(trial.reason),
        ]
        for trial in trials
    ]
    return Table(columns=columns, rows=rows)


def _front_table(front: dict[str, Any], measured: Sequence[str], scores: Sequence[str]) -> Table:
    """The points of the front, then the baselines that are not on it."""
    spreads = [f"{name}_spread" for name in scores]
    columns = ["trial", "baseline", "on_front", "pattern_id", *measured, *spreads, "num_seeds"]
    beside = [baseline for baseline in front["baselines"] if not baseline["on_front"]]
    rows = [
        [
            point["trial"],
            point["baseline"],
            on_front,
            point["pattern_id"],
            *((point["scores"] | point["values"]).get(name) for name in measured),
            *(point["spread"].get(name) for name in scores),
            len(point["seeds"]),
        ]
        for on_front, points in ((True, front["points"]), (False, beside))
        for point in points
    ]
    return Table(columns=columns, rows=rows)
