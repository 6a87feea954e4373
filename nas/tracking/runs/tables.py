"""The tables of the run of a study, and the charts drawn from them."""

from collections.abc import Iterator, Sequence
from itertools import islice

from nas.patterns.drawing.thumbnail import thumbnail_png
from nas.patterns.label import label
from nas.redact import redact, redact_text
from nas.report.study.health_check import HealthCheck
from nas.report.study.history import rung_counts
from nas.report.study.record import StudyRecord
from nas.results.front import FrontEntry
from nas.results.trial import Trial
from nas.tracking.runs.flatten import plain_name
from nas.tracking.runs.identity import run_name
from nas.tracking.runs.run import Picture, Table

MOST_PICTURES = 24
"""Pictures of patterns: of the front from its best point on, then of the baselines."""
MOST_CURVES = 24
"""Learning curves in one chart, of the same trials."""


def trials_table(trials: Sequence[Trial], measured: Sequence[str], on_front: frozenset[int] = frozenset()) -> Table:
    """A row for each trial: what it is, what came out, and the parameters that were suggested."""
    params = list(dict.fromkeys(name for trial in trials for name in trial.params))
    about = ["trial", "kind", "baseline", "state", "step", "pattern_id", "label"]
    columns = [*about, *measured, *(f"param_{plain_name(name)}" for name in params), "reason"]
    rows = [
        [
            trial.number,
            "front" if trial.number in on_front else "baseline" if trial.baseline else "other",
            trial.baseline,
            trial.state.value,
            trial.step,
            trial.pattern.id if trial.pattern else None,
            label(trial.pattern) if trial.pattern else None,
            *((trial.scores | trial.values).get(name) for name in measured),
            *(redact(trial.params.get(name), name) for name in params),
            redact(trial.reason),
        ]
        for trial in trials
    ]
    return Table(columns=columns, rows=rows)


def front_table(record: StudyRecord, measured: Sequence[str], scores: Sequence[str]) -> Table:
    """The points of the front, then the baselines that are not on it."""
    front = record.front
    about = ["trial", "baseline", "on_front", "front_probability", "picture", "pattern_id", "label"]
    estimated = list(dict.fromkeys(name for point in front.points for name in point.estimates))
    columns = [*about, *measured, *(f"{name}_estimate" for name in estimated)]
    costs = [one.name for one in front.objectives if one.is_cost]
    columns += [*(f"{name}_spread" for name in scores), *(f"{name}_ratio" for name in costs)]
    pictures = {entry.trial: _picture(entry, front.provenance.num_tokens) for entry in _shown(record, MOST_PICTURES)}
    listed: list[tuple[bool, FrontEntry]] = [(True, point) for point in front.points]
    listed += [(False, baseline) for baseline in front.other_baselines]
    rows = [
        [
            entry.trial,
            entry.baseline,
            on_front,
            entry.front_probability,
            pictures.get(entry.trial),
            entry.pattern_id,
            label(entry.pattern),
            *((entry.scores | entry.values).get(name) for name in measured),
            *(entry.estimates[name].mean if name in entry.estimates else None for name in estimated),
            *(entry.spread.get(name) for name in scores),
            *(entry.ratio(name) for name in costs),
            len(entry.seeds),
        ]
        for on_front, entry in listed
    ]
    return Table(columns=[*columns, "num_seeds"], rows=rows)


def importance_table(record: StudyRecord) -> Table:
    """How far each parameter goes with the first score, by the study's own model."""
    rows = [[redact_text(one.name), one.share, redact_text(one.levels[0].name)] for one in record.insight.effects]
    return Table(columns=["parameter", "share", "best_value"], rows=list(map(list, rows)))


def rungs_table(record: StudyRecord) -> Table:
    """What halving did at each rung, and how its ranking agrees with that of the last one."""
    names = [one.name for one in record.front.objectives if not one.is_cost]
    report = record.front.fidelity
    taus = {one.num_steps: one.tau for one in (report.rungs if report else ())}
    rows = [
        [one.num_steps, len(one.reached), len(one.stopped), *(taus.get(one.num_steps, {}).get(name) for name in names)]
        for one in rung_counts(record.trials, record.front.provenance.rungs)
    ]
    return Table(columns=["num_steps", "num_reached", "num_stopped", *(f"tau_{name}" for name in names)], rows=rows)


def curves_table(record: StudyRecord) -> Table:
    """Quality by rung of the front and the baselines, with the search's own seed and on the first task."""
    trials = {trial.number: trial for trial in record.trials}
    rungs = record.front.provenance.rungs
    rows = []
    for entry in _shown(record, MOST_CURVES):
        own = trials[entry.trial].measurements if entry.trial in trials else ()
        for one in own:
            if (one.seed, one.task) == (own[0].seed, own[0].task) and one.step in rungs and one.quality is not None:
                rows.append([run_name(trials[entry.trial]), one.step, one.quality])
    return Table(columns=["run", "num_steps", "quality"], rows=rows)


def long_runs_table(record: StudyRecord) -> Table:
    """The patterns that were trained longer: what the search ranked them by, and what came of it."""
    report = record.front.fidelity
    rows = [
        [name, one.trial, one.short, one.long, one.forecast]
        for name, own in (report.objectives.items() if report else ())
        for one in own.patterns
    ]
    return Table(columns=["objective", "trial", "short", "long", "forecast"], rows=rows)


def health_table(checks: Sequence[HealthCheck]) -> Table:
    """The health checks of `nas report`."""
    rows = [[one.question, one.verdict.value, redact_text(one.figure), redact_text(one.remedy)] for one in checks]
    return Table(columns=["question", "verdict", "figure", "remedy"], rows=list(map(list, rows)))


def _shown(record: StudyRecord, most: int) -> Iterator[FrontEntry]:
    """The front, best first, and the other baselines, as many as are shown."""
    yield from islice([*record.points, *(one for one in record.baselines if not one.on_front)], most)


def _picture(entry: FrontEntry, num_tokens: int) -> Picture:
    """The masks that were trained, at the length of the small model."""
    return Picture.of(thumbnail_png(entry.proxy_pattern or entry.pattern, num_tokens))
