"""The README.md of a bundle."""

from textwrap import wrap

from nas.patterns.label import label_lines, label_note
from nas.patterns.model import ModelPattern
from nas.report.quantities import format_quantity, format_ratio
from nas.results.cost import UNITS
from nas.results.objective import Objective, Score
from nas.results.provenance import Provenance

_LABEL_WIDTH, _WIDTH = 90, 100

_POSITIONS = {
    "rope": "rotary positions",
    "relative": "relative positions as in Transformer-XL",
    "alibi": "ALiBi",
    "learned": "a learned embedding of each position",
    "none": "no positions at all",
}


def readme(provenance: Provenance, pattern: ModelPattern, usage: str) -> str:
    """The text of the README, in Markdown: how the pattern was found, what it costs, and how to use its files.

    Args:
        provenance: where the pattern comes from.
        pattern: the pattern.
        usage: how to use the files, in Markdown.
    """
    origin = f"trial {provenance.trial}" + (f" (baseline {provenance.baseline})" if provenance.baseline else "")
    return "\n".join(
        [
            f"# Attention pattern {provenance.pattern_id}",
            "",
            f"Found by a `nas` search: {_inert(origin)} of study {_inert(provenance.study)}.",
            "`provenance.json` records what it was trained on, with which seeds and versions.",
            "",
            *(f"    {line}" for line in label_lines(pattern, _LABEL_WIDTH)),
            "",
            *wrap(label_note([pattern]), _WIDTH),
            "",
            "![Which keys each query sees](picture.png)",
            "",
            *_results(provenance),
            *_costs(provenance),
            *_phase(provenance),
            "## How to use it",
            "",
            f"The pattern was found with {_POSITIONS[pattern.position]} (`position: {pattern.position}`).",
            "Positions are not part of a mask, so the model that uses it must encode them in the same way.",
            "",
            usage,
            "## Other files",
            "",
            "`pattern.json` is the pattern itself and `picture.png` its picture. `provenance.json` records where it",
            "comes from, `bundle.json` how it was written, and `verification.json` what was read back and compared.",
            "To compare again, run `nas verify` with the path of this folder. If the format's own library is",
            "installed, it reads the files too.",
            "",
        ]
    )


def _results(provenance: Provenance) -> list[str]:
    if not provenance.values:
        return ["The trial did not finish, so there are no results.", ""]
    rows = ["| objective | value | spread over seeds | unit | direction |", "|---|---|---|---|---|"]
    every: list[Objective | Score] = [*provenance.objectives, *provenance.scores]
    for measured in every:
        name = measured.name
        if name not in provenance.values:  # a length that the pattern cannot have
            continue
        spread = provenance.spread.get(name)
        shown = "" if spread is None else f"± {spread:.3g}"
        cells = [name, f"{provenance.values[name]:.6g}", shown, measured.unit, measured.direction]
        rows.append("| " + " | ".join(map(_inert, cells)) + " |")
    return [*_stopped(provenance), *rows, ""]


def _stopped(provenance: Provenance) -> list[str]:
    if not provenance.stopped_early:
        return []
    return [
        f"**Stopped early: these values are from step {provenance.step} of {provenance.last_rung}.** They cannot be",
        "compared with values of trials that were trained to the last rung.",
        "",
    ]


def _costs(provenance: Provenance) -> list[str]:
    """Costs for the study's target, with their shares of full attention's where these are known."""
    if provenance.cost is None:
        return []
    numbers = provenance.cost.counted
    rows = ["| cost | value | share of full attention |", "|---|---|---|"]
    for name, unit in UNITS.items():
        if (value := numbers.get(name)) is None:
            continue
        shown = format_quantity(value, unit) if unit else f"{value:,}"
        ratio = provenance.ratio_to_full.get(name)
        rows.append(f"| {name} | {shown} | {'' if ratio is None else format_ratio(ratio)} |")
    target = _inert(provenance.made_with.target)
    counted = f"Counted, not measured, for one sequence of {numbers['num_tokens']} tokens on the target {target}:"
    return ["## What it costs", "", counted, "", *rows, ""]


def _phase(provenance: Provenance) -> list[str]:
    """Where the pattern was used, if not everywhere."""
    if provenance.phase == "both":
        return []
    where = "while the prompt is read" if provenance.phase == "prefill" else "after the prompt, token by token"
    return [f"The pattern was used only {where}. The rest was full attention, also in these costs.", ""]


def _inert(text: str) -> str:
    """A name from outside as one line of plain text in Markdown."""
    line = "".join(letter if letter.isprintable() else "?" for letter in text)
    return "".join(f"\\{letter}" if letter in "\\`*[]<>|#!" else letter for letter in line)
