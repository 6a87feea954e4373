"""The contents of W&B runs: the trials of a study, and the study itself."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from nas.patterns.label import label
from nas.redact import redact
from nas.results.codec import to_document
from nas.results.fidelity import ObjectiveFidelity
from nas.results.front import Front, FrontEntry
from nas.results.observer import StudyInfo
from nas.results.study import FREE_TO_CHANGE
from nas.results.trial import Trial
from nas.tracking.runs.flatten import flatten_pattern, flatten_settings
from nas.tracking.runs.run import Artifact, Row, Run, Scatter, Table

_NO_ARTIFACT_NAME = re.compile(r"[^A-Za-z0-9._-]")
_LONGEST_NAME = 128


def all_runs(info: StudyInfo, trials: Sequence[Trial], front: Front | None) -> list[Run]:
    """Every run of a study; an unfinished study, without a front, has no run of its own."""
    runs = [trial_run(info, trial) for trial in trials]
    return runs if front is None else [*runs, study_run(info, trials, front)]


def trial_run(info: StudyInfo, trial: Trial) -> Run:
    """The run of one trial or baseline: curves by step, pattern, settings and objectives."""
    pattern = flatten_pattern(trial.pattern) if trial.pattern else {}
    params = {f"params.{name}": value for name, value in trial.params.items()}
    config = {"trial": trial.number, "baseline": trial.baseline} | pattern | params | flatten_settings(_settings(info))
    return Run(
        id=_run_id(info, str(trial.number)),
        name=_run_name(trial),
        group=info.name,
        job_type="baseline" if trial.baseline else "trial",
        config=redact(config),
        history=_curves(trial),
        summary=redact(_trial_summary(trial)),
    )


def study_run(info: StudyInfo, trials: Sequence[Trial], front: Front) -> Run:
    """The run of the study: all trials; the front as table, plots and artifact; hypervolume by trial."""
    names = [objective.name for objective in info.objectives]
    scores = [score.name for score in info.scores]
    columns = list(dict.fromkeys([*names, *scores]))
    return Run(
        id=_run_id(info, "study"),
        name=info.name,
        group=info.name,
        job_type="study",
        config=redact(flatten_settings(_settings(info))),
        history=tuple((trial, {"hypervolume": value}) for trial, value in front.hypervolume_by_trial),
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
                document=redact(to_document(front)),
            ),
        ),
    )


def _run_name(trial: Trial) -> str:
    """A baseline's name, or the trial's number and label; W&B allows 128 characters."""
    if trial.baseline:
        return trial.baseline
    name = f"{trial.number:05d}" + (f" {label(trial.pattern)}" if trial.pattern else "")
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."


def _run_id(info: StudyInfo, part: str) -> str:
    """16 hexadecimal digits from the study's name, its settings and the part.

    Settings are included so that a new study with an old name does not overwrite the runs of the old one.
    """
    text = json.dumps([info.name, _settings(info), part], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _settings(info: StudyInfo) -> dict[str, Any]:
    """The settings that determine results; a study resumed with more trials or workers keeps its runs."""
    return {key: value for key, value in info.settings.items() if key not in FREE_TO_CHANGE}


def _curves(trial: Trial) -> tuple[tuple[int, Row], ...]:
    """The seed of the search as `quality` and `train_loss`, further seeds as `seed<s>/quality` and so on.

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
        "wall_seconds": sum(_seconds_by_run(trial).values()),
    }
    if trial.pattern is not None:
        summary |= {"pattern_id": trial.pattern.id, "label": label(trial.pattern)}
    if trial.duplicate_of is not None:
        summary["duplicate_of"] = trial.duplicate_of
    cost = trial.cost.counted if trial.cost else {}
    return summary | {f"cost/{name}": value for name, value in cost.items()} | trial.scores | trial.values


def _seconds_by_run(trial: Trial) -> dict[tuple[int, str], float]:
    """Seconds per seed and task; those of a rung include the trunk below it."""
    return {(one.seed, one.task): one.wall_seconds for one in trial.measurements}


def _study_summary(trials: Sequence[Trial], front: Front) -> Row:
    states = Counter(trial.state.value for trial in trials)
    hypervolumes = front.hypervolume_by_trial
    return {
        "num_trials": len(trials),
        "num_front_points": len(front.points),
        "hypervolume": hypervolumes[-1][1] if hypervolumes else None,
        **_fidelity(front),
        **{f"num_{state}": count for state, count in sorted(states.items())},
    }


def _fidelity(front: Front) -> Row:
    """How far the ranking can be trusted; empty if the check was off."""
    if (report := front.fidelity) is None:
        return {}
    row: Row = {
        "fidelity/share_of_steps": report.share_of_steps,
        "fidelity/regret_of_front": report.regret_of_front,
        "fidelity/untrained_share": report.untrained_share,
    }
    for name, own in report.objectives.items():
        row |= {f"fidelity/{name}/{key}": value for key, value in _agreement(own).items()}
        row[f"fidelity/{name}/noise_ceiling"] = own.noise_ceiling
        row[f"fidelity/{name}/regret_of_best"] = own.regret_of_best
    return row


def _agreement(own: ObjectiveFidelity) -> Row:
    if own.agreement is None:
        return {}
    keys = ("tau", "mean", "low", "high", "above_half")
    return {key if key == "tau" else f"tau_{key}": getattr(own.agreement, key) for key in keys}


def _trials_table(trials: Sequence[Trial], measured: Sequence[str]) -> Table:
    columns = ["trial", "baseline", "state", "pattern_id", "label", *measured, "reason"]
    rows = [
        [
            trial.number,
            trial.baseline,
            trial.state.value,
            trial.pattern.id if trial.pattern else None,
            label(trial.pattern) if trial.pattern else None,
            *((trial.scores | trial.values).get(name) for name in measured),
            redact(trial.reason),
        ]
        for trial in trials
    ]
    return Table(columns=columns, rows=rows)


def _front_table(front: Front, measured: Sequence[str], scores: Sequence[str]) -> Table:
    """The points of the front, then the baselines that are not on it."""
    spreads = [f"{name}_spread" for name in scores]
    about = ["trial", "baseline", "on_front", "front_probability", "pattern_id", "label"]
    columns = [*about, *measured, *spreads, "num_seeds"]
    listed: list[tuple[bool, FrontEntry]] = [(True, point) for point in front.points]
    listed += [(False, baseline) for baseline in front.other_baselines]
    rows = [
        [
            entry.trial,
            entry.baseline,
            on_front,
            entry.front_probability,
            entry.pattern_id,
            label(entry.pattern),
            *((entry.scores | entry.values).get(name) for name in measured),
            *(entry.spread.get(name) for name in scores),
            len(entry.seeds),
        ]
        for on_front, entry in listed
    ]
    return Table(columns=columns, rows=rows)
