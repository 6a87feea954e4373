"""The README.md beside every export."""

from nas.export.provenance import Provenance
from nas.report.quantities import format_quantity, format_ratio
from nas.results.cost import UNITS

_POSITIONS = {
    "rope": "rotary positions",
    "relative": "relative positions as in Transformer-XL",
    "alibi": "ALiBi",
    "learned": "a learned embedding of each position",
    "none": "no positions at all",
}


def readme(provenance: Provenance, position: str, usage: str) -> str:
    """What lies here, how it was found, what it costs, and how to use it, in Markdown.

    Args:
        provenance: where the pattern comes from.
        position: how positions entered the model that it was found with.
        usage: how the files are used, in Markdown.
    """
    origin = f"trial {provenance.trial}" + (f" (baseline {provenance.baseline})" if provenance.baseline else "")
    return "\n".join(
        [
            f"# Attention pattern {provenance.pattern_id}",
            "",
            f"Found by a `nas` search: {_inert(origin)} of study {_inert(provenance.study)}.",
            "`provenance.json` says what it was trained on, with which seeds and versions.",
            "",
            "![Which keys each query sees](picture.png)",
            "",
            *_results(provenance),
            *_costs(provenance),
            "## How to use it",
            "",
            f"It was found with {_POSITIONS[position]} (`position: {position}`). A mask says nothing of that:",
            "the model that uses it must have them too.",
            "",
            usage,
            "## What lies here",
            "",
            "`pattern.json` is the pattern itself, `picture.png` its picture, `provenance.json` where it comes from,",
            "`bundle.json` how it was written, and `verification.json` what was read back and compared.",
            "`nas verify` with the path of this folder compares again, with the target's own library where it can.",
            "",
        ]
    )


def _results(provenance: Provenance) -> list[str]:
    if not provenance.values:
        return ["The trial did not finish: there are no results.", ""]
    rows = ["| objective | value | spread over seeds | unit | wanted |", "|---|---|---|---|---|"]
    for goal in (*provenance.objectives, *provenance.scores):
        name = goal["name"]
        if name not in provenance.values:  # a length that the pattern cannot have
            continue
        spread = provenance.spread.get(name)
        shown = "" if spread is None else f"± {spread:.3g}"
        cells = [name, f"{provenance.values[name]:.6g}", shown, goal["unit"], goal["direction"]]
        rows.append("| " + " | ".join(map(_inert, cells)) + " |")
    return [*_stopped(provenance), *rows, ""]


def _stopped(provenance: Provenance) -> list[str]:
    if not provenance.stopped_early:
        return []
    return [
        f"**Stopped early: these values are of step {provenance.step}, of {provenance.last_rung}.** They are no match",
        "for values of trials that were trained to the end.",
        "",
    ]


def _costs(provenance: Provenance) -> list[str]:
    """Costs as counted for the study's target, each a share of full attention's if that is known."""
    if not provenance.cost:
        return []
    target, num_tokens = provenance.made_with.get("target", "unknown"), provenance.cost["num_tokens"]
    rows = ["| cost | value | share of full attention |", "|---|---|---|"]
    for name, unit in UNITS.items():
        value = provenance.cost[name]
        shown = format_quantity(value, unit) if unit else f"{value:,}"
        ratio = provenance.ratio_to_full.get(name)
        rows.append(f"| {name} | {shown} | {'' if ratio is None else format_ratio(ratio)} |")
    counted = f"Counted, not measured, for one sequence of {num_tokens} tokens on the target {_inert(str(target))}:"
    return ["## What it costs", "", counted, "", *rows, ""]


def _inert(text: str) -> str:
    """A name from outside as one line that Markdown shows and does not act upon."""
    line = "".join(letter if letter.isprintable() else "?" for letter in text)
    return "".join(f"\\{letter}" if letter in "\\`*[]<>|#!" else letter for letter in line)
