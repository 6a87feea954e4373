"""One line about a study or a finished trial."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from nas.report.objectives import label
from nas.report.quantities import format_quantity, format_ratio, format_seconds
from nas.results.cost import Cost
from nas.results.observer import StudyInfo
from nas.results.trial import Trial, TrialState
from nas.search.scoring.objectives import COSTS

Goals = Sequence[dict[str, str]]
"""Name, unit and direction of each objective."""


def trial_line(trial: Trial, goals: Goals, full_cost: Cost | None, num_done: int, num_trials: int) -> str:
    """`[ 7/30] trial 6  quality 2.31 bits per byte  attention FLOPs 0.42x  KV cache 0.31x  12.3 s`.

    Args:
        trial: a trial in its final state.
        goals: the study's objectives.
        full_cost: the cost of full attention on the same target; costs are shown as shares of it, or as
            they are where it is not known yet.
        num_done: trials done, this one included.
        num_trials: trials in all.
    """
    place = f"[{num_done:>{len(str(num_trials))}}/{num_trials}] {trial_name(trial)}"
    return "  ".join([place, *_outcome(trial, goals, full_cost)])


def started_line(info: StudyInfo, num_known: int) -> str:
    """`study demo in runs/demo: 30 trials, 12 of them known from before`."""
    known = f", {num_known} of them known from before" if num_known else ""
    return f"study {info.name} in {info.folder}: {info.num_trials} trials{known}"


def finished_line(trials: Sequence[Trial], front: dict[str, Any]) -> str:
    """`30 trials: 25 finished, 3 duplicate, 2 over budget; 6 points on the front`."""
    states = Counter(trial.state.value.replace("_", " ") for trial in trials)
    counts = ", ".join(f"{count} {state}" for state, count in states.most_common())
    return f"{len(trials)} trials: {counts}; {len(front['points'])} points on the front"


def confirming_line(num_trials: int) -> str:
    """`the front and the baselines once more with fresh seeds: 10 trials`."""
    return f"the front and the baselines once more with fresh seeds: {num_trials} trials"


def confirmed_line(trial: Trial, goals: Goals) -> str:
    """`trial 6  quality 2.31 bits per byte over 2 seeds`; after a longer training, how long it was."""
    newest = trial.measurements[-1]
    if newest.step > trial.step:
        return f"{trial_name(trial)}  trained to {newest.step} steps with seed {newest.seed}"
    num_seeds = len({one.seed for one in trial.measurements if one.quality is not None and one.step == trial.step})
    return "  ".join([trial_name(trial), *_measured(trial, goals)]) + f" over {num_seeds} seeds"


def advanced_line(trial: Trial, goals: Goals, num_steps: int) -> str:
    """`trial 6  at 480 of 3840 steps  quality 2.75 bits per byte`."""
    return "  ".join([trial_name(trial), f"at {trial.step} of {num_steps} steps", *_measured(trial, goals)])


def judging_line(num_trainings: int) -> str:
    """`is the ranking to be trusted? 12 longer trainings`."""
    return f"is the ranking to be trusted? {num_trainings} longer trainings"


def trial_name(trial: Trial) -> str:
    """`trial 6`, `trial 0 (full)`."""
    return f"trial {trial.number}" + (f" ({trial.baseline})" if trial.baseline else "")


def _measured(trial: Trial, goals: Goals) -> list[str]:
    return [
        f"{label(goal['name'])} {format_quantity(trial.values[goal['name']], goal['unit'])}"
        for goal in goals
        if goal["name"] not in COSTS and trial.values
    ]


def _outcome(trial: Trial, goals: Goals, full_cost: Cost | None) -> list[str]:
    if trial.state is TrialState.DUPLICATE:
        return [f"same pattern as trial {trial.duplicate_of}"]
    if trial.state is TrialState.STOPPED:
        return [f"stopped at {trial.step} steps", *_measured(trial, goals)]
    if trial.state is not TrialState.FINISHED:
        state = trial.state.value.replace("_", " ")
        return [f"{state}: {' '.join(trial.reason.split())}" if trial.reason else state]
    shown = [_value(trial, goal, full_cost) for goal in goals]
    return [*shown, format_seconds(max(one.wall_seconds for one in trial.measurements))]


def _value(trial: Trial, goal: dict[str, str], full_cost: Cost | None) -> str:
    name, value = goal["name"], trial.values[goal["name"]]
    if full_cost is not None and name in COSTS:
        value_shown = format_ratio(value / full_cost.to_dict()[COSTS[name][0]])
    else:
        value_shown = format_quantity(value, goal["unit"])
    return f"{label(name)} {value_shown}"
