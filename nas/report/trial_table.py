"""The table of all trials of a study, for spreadsheets."""

import csv
import io
from collections.abc import Sequence

from nas.patterns.label import label as pattern_label
from nas.results.front import Estimate, Front, FrontEntry
from nas.results.trial import Trial


def trial_table(front: Front, trials: Sequence[Trial]) -> str:
    """CSV with a row per trial, by number: its pattern, how far it got, its values, scores, estimates and parameters.

    Values are those at the trial's own rung (`step`), so they compare only among trials of the same one. Text that a
    spreadsheet would run as a formula gets an apostrophe in front.

    Args:
        front: the study's front.
        trials: all of its trials.
    """
    entries: dict[int, FrontEntry] = {entry.trial: entry for entry in (*front.baselines, *front.points)}
    on_front = {point.trial for point in front.points}
    objectives = [objective.name for objective in front.objectives]
    scores = [score.name for score in front.scores if score.name not in objectives]
    estimated = [name for name in (*objectives, *scores) if any(name in one.estimates for one in entries.values())]
    params = list(dict.fromkeys(name for trial in trials for name in trial.params))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    known = [f"{name}_{part}" for name in estimated for part in ("estimate", "estimate_deviation")]
    about = ["trial", "baseline", "state", "step", "on_front", "front_probability", "label"]
    predicted = ["predicted_text", "predicted_needle"] if any(trial.predicted for trial in trials) else []
    writer.writerow([_plain(name) for name in (*about, *objectives, *scores, *known, *predicted, *params)])
    for trial in trials:
        entry = entries.get(trial.number)
        estimates = entry.estimates if entry else {}
        values = trial.costs | trial.values
        row = [
            trial.number,
            trial.baseline,
            trial.state.value,
            trial.step,
            trial.number in on_front,
            entry.front_probability if entry else None,
            pattern_label(trial.pattern) if trial.pattern else None,
            *(values.get(name) for name in objectives),
            *(trial.scores.get(name) for name in scores),
            *(part for name in estimated for part in _estimate(estimates.get(name))),
            *(_predicted(trial) if predicted else ()),
            *(trial.params.get(name) for name in params),
        ]
        writer.writerow([_plain(cell) for cell in row])
    return text.getvalue()


def _estimate(known: Estimate | None) -> tuple[float | None, float | None]:
    """Mean and standard deviation."""
    return (known.mean, known.standard_deviation) if known else (None, None)


def _predicted(trial: Trial) -> tuple[float | None, float | None]:
    """What a survey predicts that text and needles lose beyond full attention."""
    return (trial.predicted.text, trial.predicted.needle) if trial.predicted else (None, None)


def _plain(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
