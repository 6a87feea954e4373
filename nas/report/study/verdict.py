"""What came out of a study, in sentences that need its front alone: what was searched, what won, and by how much."""

from collections.abc import Iterator

from nas.report.objective_labels import best_first, label
from nas.report.quantities import format_count, format_probability, format_quantity, format_ratio, with_unit
from nas.report.study.comparison import Comparison, deviation
from nas.results.front import Baseline, Front, FrontEntry, FrontPoint, InCheckpoint
from nas.results.objective import Objective


def best_compromise(front: Front) -> FrontPoint | None:
    """The knee of the front; None if there is no point."""
    return front.nearest_to_ideal(front.objectives) if front.points else None


def headline(front: Front) -> str:
    """The result in one sentence."""
    best = best_compromise(front)
    if best is None:
        return "No trial finished within the constraints, so there is no front."
    who = f"The baseline {best.baseline} (trial {best.trial})" if best.baseline else f"Trial {best.trial}"
    costs = [
        f"{format_ratio(ratio)} of the {label(one.name)}"
        for one in front.objectives
        if one.is_cost and (ratio := best.ratio(one.name)) is not None
    ]
    at = f" at {joined(costs)} of full attention" if costs else ""
    qualities = _qualities(front)
    names = [f"{label(one.name)} " if len(qualities) > 1 else "" for one in qualities]
    worths = [name + worth_in_words(best, one) for name, one in zip(names, qualities, strict=True)]
    doubt = "; but this ranking may be chance" if _may_be_chance(front) else ""
    return f"{who} is the best compromise: {joined(worths)}{at}{doubt}."


def searched(front: Front) -> str:
    """How many patterns were tried, on what, and compared by what, in one sentence."""
    provenance, total = front.provenance, sum(front.trials.values())
    sampled = format_count(total - len(front.baselines), "sampled pattern")
    baselines = format_count(len(front.baselines), "baseline")
    tasks = " and ".join([provenance.task, *provenance.extra_tasks])
    how = "trained in small models"
    if isinstance(provenance.evaluation, InCheckpoint):
        how = f"{'scored' if provenance.is_frozen else 'adapted'} in a pretrained decoder"
    target = f", for {provenance.target} at {provenance.pattern_tokens:,} tokens" if provenance.carry else ""
    compared = joined([label(one.name) for one in front.objectives])
    on = f"on {tasks} of {provenance.num_tokens:,} tokens"
    return f"Searched: {sampled} and {baselines}, {how} {on}{target}, compared by {compared}."


def against_baselines(front: Front, best: FrontPoint) -> Iterator[str]:
    """A point against full attention, and against the best other baseline."""
    ranked = best_first(front.baselines, front.leading)
    others = [one for one in ranked if one.trial != best.trial]
    full = [one for one in others if one.baseline == "full"]
    rest = [one for one in others if one.baseline != "full"][:1]
    for one in [*full, *rest]:
        name = "full attention" if one.baseline == "full" else f"{one.baseline}, the best other baseline"
        yield f"Against {name} (trial {one.trial}): {_difference(front, best, one)}."


def worth_in_words(entry: FrontEntry, objective: Objective) -> str:
    """What an entry is worth in an objective: `2.407 ± 0.007 bits per byte`, `385 kFLOP (0.091x)`."""
    worth = worth_in_table(entry, objective)
    return worth if objective.is_cost else with_unit(worth, objective.unit)


def worth_in_table(entry: FrontEntry, objective: Objective) -> str:
    """The same below a heading that has the unit of a quality; costs differ in theirs."""
    if not objective.is_cost:
        unsure = deviation(entry, objective.name)
        spread = f" ± {unsure:.3f}" if unsure else ""
        return f"{entry.worth(objective.name):.3f}{spread}"
    ratio = entry.ratio(objective.name)
    shown = format_quantity(entry.values[objective.name], objective.unit)
    return shown if ratio is None else f"{shown} ({format_ratio(ratio)})"


def joined(parts: list[str]) -> str:
    """Parts of a sentence: `a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _may_be_chance(front: Front) -> bool:
    """Whether long runs were made, and do not confirm the order."""
    own = front.fidelity.objectives.get(front.leading.name) if front.fidelity else None
    return own is not None and own.agreement is not None and not own.agreement.better_than_chance


def _qualities(front: Front) -> list[Objective]:
    """What is measured of a pattern; the first objective where all are costs."""
    return [one for one in front.objectives if not one.is_cost] or [front.leading]


def _difference(front: Front, best: FrontPoint, other: Baseline) -> str:
    gained = joined([_gain(Comparison.of(best, other, one)) for one in _qualities(front)])
    costs = [
        f"{format_ratio(best.values[one.name] / other.values[one.name])} of its {label(one.name)}"
        for one in front.objectives
        if one.is_cost and other.values[one.name]
    ]
    return f"{gained}, at {joined(costs)}" if costs else gained


def _gain(compared: Comparison) -> str:
    """`text worse by 0.006 ± 0.002 bits per byte (99% sure by the noise alone)`."""
    quality = label(compared.objective.name)
    spread = f" ± {compared.deviation:.3f}" if compared.deviation else ""
    probability = compared.probability
    sure = ""
    if probability is not None:
        held = max(probability, 1 - probability)
        sure = f" ({format_probability(held)} sure by the noise alone)"
    better = "better" if compared.gain > 0 else "worse"
    by = with_unit(f"{abs(compared.gain):.3f}{spread}", compared.objective.unit)
    return f"{quality} {better} by {by}{sure}" if compared.gain else f"the same {quality}"
