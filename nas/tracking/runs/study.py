"""The run of the study itself: while it runs, and when it has ended."""

import json
from collections import Counter
from collections.abc import Sequence

from nas.patterns.file import MadeFor, pattern_document
from nas.redact import redact, redact_text
from nas.report.front_picture import front_png
from nas.report.study.health import health_checks
from nas.report.study.record import StudyRecord
from nas.results.codec import to_document
from nas.results.fidelity import ObjectiveFidelity
from nas.results.front import Front
from nas.results.kept_bundle import KeptBundle
from nas.results.observer import StudyInfo
from nas.results.trial import Trial
from nas.tracking.runs.flatten import flatten_settings, nested, plain_name
from nas.tracking.runs.growth import growth
from nas.tracking.runs.identity import artifact_name, deciding_settings, run_id
from nas.tracking.runs.run import Artifact, Picture, Plot, Row, Run, Table
from nas.tracking.runs.tables import (
    curves_table,
    front_table,
    health_table,
    importance_table,
    long_runs_table,
    rungs_table,
    trials_table,
)

MOST_PLOTTED = 6
"""Parameters with a chart of their own in the study's run, the most important; the table of trials has all."""


def running_run(info: StudyInfo, trials: Sequence[Trial]) -> Run:
    """The run of a study that has not ended: the front as it grew, and the trials so far.

    Args:
        info: the study, with its objectives.
        trials: that have ended or have a score, by number.
    """
    history = growth(trials, info.objectives)
    names = [objective.name for objective in info.objectives]
    return _run(
        info,
        history=history,
        summary={"state": "running", "num_trials": len(trials), **_states(trials), **_newest(history)},
        tables={"trials": trials_table(trials, names)},
        plots=_cost_plots("trials", info) if trials else {},
    )


def study_run(info: StudyInfo, record: StudyRecord) -> Run:
    """The run of an ended study: how its front grew, every trial, what matters, and how far it can be trusted."""
    front, trials = record.front, record.trials
    scores = [score.name for score in info.scores]
    columns = list(dict.fromkeys([*(objective.name for objective in info.objectives), *scores]))
    checks = health_checks(record)
    tables = {
        "trials": trials_table(trials, columns, frozenset(point.trial for point in front.points)),
        "front": front_table(record, columns, scores),
        "importance": importance_table(record),
        "rungs": rungs_table(record),
        "curves": curves_table(record),
        "long_runs": long_runs_table(record),
        "health": health_table(checks),
    }
    verdicts = Counter(f"checks/{check.verdict.value.replace(' ', '_')}" for check in checks)
    return _run(
        info,
        history=growth(trials, info.objectives, dict(front.hypervolume_by_trial)),
        summary={"state": "ended", **_summary(front, trials), **dict(sorted(verdicts.items()))},
        tables={name: table for name, table in tables.items() if table.rows},
        plots=(_cost_plots("front", info) if tables["front"].rows else {}) | _plots(record, tables),
        pictures={"front_picture": Picture.of(front_png(front))} if front.points else {},
        artifacts=(_front_artifact(info, front), *(_bundle_artifact(info, one) for one in record.bundles)),
    )


def _run(info: StudyInfo, **content: object) -> Run:
    return Run(
        id=run_id(info, "study"),
        name=info.name,
        group=info.name,
        job_type="study",
        config=nested(redact(flatten_settings(deciding_settings(info)))),
        tags=("study",),
        **content,  # type: ignore[arg-type]
    )


def _cost_plots(table: str, info: StudyInfo) -> dict[str, Plot]:
    """The first objective against each of the others."""
    first, *others = (objective.name for objective in info.objectives)
    return {
        f"front_{name}": Plot(kind="scatter", table=table, x=name, y=first, title=f"Pareto front: {first} by {name}")
        for name in others
    }


def _plots(record: StudyRecord, tables: dict[str, Table]) -> dict[str, Plot]:
    """Charts of what matters, of rungs, and of long runs; none of an empty table."""
    quality = record.front.leading.name
    plots = {
        "importance_chart": Plot(
            kind="bar", table="importance", x="parameter", y="share", title="Which parameters matter"
        ),
        "rung_curves": Plot(
            kind="lines", table="curves", x="num_steps", y="quality", line="run", title="Quality by rung: the front"
        ),
        "long_runs_chart": Plot(
            kind="scatter", table="long_runs", x="short", y="long", title="Long runs against the search's ranking"
        ),
    }
    for effect in record.insight.effects[:MOST_PLOTTED]:
        name = plain_name(effect.name)
        plots[f"by_{name}"] = Plot(
            kind="scatter", table="trials", x=f"param_{name}", y=quality, title=f"{quality} by {effect.name}"
        )
    return {name: plot for name, plot in plots.items() if tables[plot.table].rows}


def _front_artifact(info: StudyInfo, front: Front) -> Artifact:
    """The front, and each of its patterns as a file that every command reads."""
    made_for = MadeFor(num_tokens=front.provenance.pattern_tokens)
    patterns = {f"patterns/{one.trial:05d}.json": pattern_document(one.pattern, made_for) for one in front.points}
    files = {"front.json": redact(to_document(front)), **patterns}
    return Artifact.of(
        artifact_name(info, "front"),
        "pareto-front",
        {name: json.dumps(document, indent=2).encode() for name, document in files.items()},
    )


def _bundle_artifact(info: StudyInfo, bundle: KeptBundle) -> Artifact:
    """What was exported of a trial in a format, as it was written but for credentials."""
    files = {name: _redacted(content) for name, content in bundle.files.items()}
    return Artifact.of(artifact_name(info, f"bundle-{bundle.name}"), "pattern-bundle", files)


def _redacted(content: bytes) -> bytes:
    """A text without credentials; anything else holds none that could be read."""
    try:
        return redact_text(content.decode()).encode()
    except UnicodeDecodeError:
        return content


def _states(trials: Sequence[Trial]) -> Row:
    return {f"num_{state}": count for state, count in sorted(Counter(trial.state.value for trial in trials).items())}


def _newest(history: Sequence[tuple[int, Row]]) -> Row:
    """The last row that says how good the front is."""
    return next((row for _, row in reversed(history) if "front_size" in row), {})


def _summary(front: Front, trials: Sequence[Trial]) -> Row:
    hypervolumes = front.hypervolume_by_trial
    return {
        "num_trials": len(trials),
        "num_front_points": len(front.points),
        "hypervolume": hypervolumes[-1][1] if hypervolumes else None,
        **_fidelity(front),
        **_states(trials),
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
