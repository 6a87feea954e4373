"""The run of one trial."""

from nas.patterns.label import label
from nas.redact import redact
from nas.results.observer import StudyInfo
from nas.results.trial import Trial
from nas.tracking.runs.flatten import flatten_pattern, flatten_settings, nested
from nas.tracking.runs.identity import deciding_settings, run_id, run_name
from nas.tracking.runs.run import Row, Run


def trial_run(info: StudyInfo, trial: Trial, *, on_front: bool = False) -> Run:
    """The run of one trial or baseline: curves by step, pattern, settings and objectives.

    Args:
        info: the study.
        trial: one of its trials.
        on_front: whether it is a point of the front, which is known when the study has ended.
    """
    pattern = flatten_pattern(trial.pattern) if trial.pattern else {}
    params = {f"params.{name}": value for name, value in trial.params.items()}
    about = {"trial": trial.number, "baseline": trial.baseline}
    config = about | pattern | params | flatten_settings(deciding_settings(info))
    return Run(
        id=run_id(info, str(trial.number)),
        name=run_name(trial),
        group=info.name,
        job_type="baseline" if trial.baseline else "trial",
        config=nested(redact(config)),
        history=_curves(trial),
        summary=redact(_summary(trial)),
        tags=_tags(trial, on_front),
    )


def _tags(trial: Trial, on_front: bool) -> tuple[str, ...]:
    """How the trial ended, and whether it is a baseline or on the front."""
    marks = {"front": on_front, "baseline": trial.baseline is not None}
    return (*(name for name, holds in marks.items() if holds), trial.state.value)


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


def _summary(trial: Trial) -> Row:
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
