"""Progress lines of a study and its trials."""

from collections import Counter
from collections.abc import Sequence

from nas.patterns.label import label as pattern_label
from nas.report.objective_labels import label
from nas.report.quantities import format_count, format_quantity, format_ratio, format_seconds
from nas.results.cost import Cost
from nas.results.front import Front
from nas.results.measurement import Measurement
from nas.results.objective import COSTS, PROJECTED, Objective
from nas.results.observer import Preparation, StudyInfo, StudyPlan
from nas.results.trial import Trial, TrialState


def trial_line(
    trial: Trial, objectives: Sequence[Objective], full_cost: Cost | None, num_done: int, num_trials: int
) -> str:
    """`[ 7/30] trial 6  quality 2.31 bits per byte  attention FLOPs 0.42x  KV cache 0.31x  12.3 s  L0-1 4x w16`.

    Args:
        trial: a trial in its final state.
        objectives: the study's.
        full_cost: the cost of full attention on the same target; costs are shown as shares of it, or in their units
            while it is unknown.
        num_done: trials done, this one included.
        num_trials: trials in all.
    """
    place = f"[{num_done:>{len(str(num_trials))}}/{num_trials}] {trial_name(trial)}"
    shown = [pattern_label(trial.pattern)] if trial.pattern and trial.state is not TrialState.DUPLICATE else []
    return "  ".join([place, *_outcome(trial, objectives, full_cost), *shown])


def preparation_line(preparation: Preparation, seconds_left: float | None) -> str:
    """`survey of layers 12/30, about 9 min left before the first trial`; `measuring full attention`."""
    counted = f" {preparation.done}/{preparation.total}" if preparation.total > 1 else ""
    left = time_left(seconds_left)
    return preparation.what + counted + (f", {left} before the first trial" if left else "")


def started_line(info: StudyInfo, plan: StudyPlan, num_known: int) -> str:
    """`study demo in runs/demo: 30 trials, 12 of them finished before`.

    For a target, what its proxy cannot tell; with measured costs, what comes before the first step.
    """
    known = f", {num_known} of them finished before" if num_known else ""
    num_trials = format_count(plan.num_trials, "trial")
    limit = (
        f"\nthe proxy sees {plan.grain} tokens of the target as one, so it tells nothing of windows below "
        f"{2 * plan.grain} keys; a longer task.num_tokens does"
        if plan.grain > 1
        else ""
    )
    timed = (
        f"\nmeasuring attention at {plan.profiled_tokens:,} tokens on this machine: full attention first, then each "
        "pattern before it is trained"
        if plan.profiled_tokens
        else ""
    )
    return f"study {info.name} in {info.folder}: {num_trials}{known}{limit}{timed}"


def finished_line(trials: Sequence[Trial], front: Front) -> str:
    """`30 trials: 25 finished, 3 duplicate, 2 over budget; 6 points on the front`."""
    states = Counter(trial.state.value.replace("_", " ") for trial in trials)
    counts = ", ".join(f"{count} {state}" for state, count in states.most_common())
    num_trials, num_points = format_count(len(trials), "trial"), format_count(len(front.points), "point")
    return f"{num_trials}: {counts}; {num_points} on the front"


def confirmation_line(num_trials: int) -> str:
    """`confirming the front and full attention with fresh seeds: 10 training runs`."""
    return f"confirming the front and full attention with fresh seeds: {format_count(num_trials, 'training run')}"


def confirmed_line(trial: Trial, objectives: Sequence[Objective]) -> str:
    """`trial 6  quality 2.31 bits per byte over 2 seeds`; after a long run, its length."""
    newest = trial.measurements[-1]
    if newest.step > trial.step:
        return f"{trial_name(trial)}  trained to {newest.step} steps with seed {newest.seed}"
    shown = [trial_name(trial), *_measured(trial, objectives)]
    return f"{'  '.join(shown)} over {format_count(len(trial.seeds), 'seed')}"


def advanced_line(trial: Trial, objectives: Sequence[Objective], num_steps: int) -> str:
    """`trial 6  at 480 of 3840 steps  quality 2.75 bits per byte`."""
    return "  ".join([trial_name(trial), f"at {trial.step} of {num_steps} steps", *_measured(trial, objectives)])


def long_runs_line(num_runs: int) -> str:
    """`checking the ranking with longer training: 12 training runs`."""
    return f"checking the ranking with longer training: {format_count(num_runs, 'training run')}"


def larger_runs_line(num_runs: int) -> str:
    """`checking the ranking one size up: 6 training runs`."""
    return f"checking the ranking one size up: {format_count(num_runs, 'training run')}"


def larger_line(trial: Trial, measurements: Sequence[Measurement]) -> str:
    """`trial 6  trained one size up`; `trial 6  one size up: out of memory` if it was not."""
    failures = [one.outcome.value.replace("_", " ") for one in measurements if one.quality is None]
    return f"{trial_name(trial)}  " + (f"one size up: {failures[0]}" if failures else "trained one size up")


def time_left(seconds: float | None) -> str:
    """`about 9 min left`; empty while it is unknown."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"about {max(1, round(seconds / 10)) * 10} s left"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"about {hours} h {minutes} min left" if hours else f"about {minutes} min left"


def trial_name(trial: Trial) -> str:
    """`trial 6`, `trial 0 (full)`."""
    return f"trial {trial.number}" + (f" ({trial.baseline})" if trial.baseline else "")


def _measured(trial: Trial, objectives: Sequence[Objective]) -> list[str]:
    """Qualities at a rung as they were measured: a projection needs two rungs."""
    names = {one: one.name.removesuffix(PROJECTED) for one in objectives if not one.is_cost and trial.values}
    return [
        f"{label(name)} {format_quantity(trial.scores.get(name, trial.values[objective.name]), objective.unit)}"
        for objective, name in names.items()
    ]


def _outcome(trial: Trial, objectives: Sequence[Objective], full_cost: Cost | None) -> list[str]:
    if trial.state is TrialState.DUPLICATE:
        return [f"same pattern as trial {trial.duplicate_of}"]
    if trial.state is TrialState.STOPPED:
        return [f"stopped at {trial.step} steps", *_measured(trial, objectives)]
    if trial.state is not TrialState.FINISHED:
        state = trial.state.value.replace("_", " ")
        return [f"{state}: {' '.join(trial.reason.split())}" if trial.reason else state]
    shown = [_value(trial, objective, full_cost) for objective in objectives]
    if trial.predicted is not None and trial.baseline != "full":
        shown.append(f"predicted {trial.predicted.text:+.3f} bits per byte over full")
    return [*shown, format_seconds(max(one.wall_seconds for one in trial.measurements))]


def _value(trial: Trial, objective: Objective, full_cost: Cost | None) -> str:
    value = trial.values[objective.name]
    if full_cost is not None and objective.name in COSTS:
        shown = format_ratio(value / full_cost.counted[COSTS[objective.name][0]])
    else:
        shown = format_quantity(value, objective.unit)
    return f"{label(objective.name)} {shown}"
