"""The README.md beside every export."""

from nas.export.provenance import Provenance


def readme(provenance: Provenance, usage: str) -> str:
    """What lies here, how it was found, and how to use it, in Markdown."""
    origin = f"trial {provenance.trial}" + (f" (baseline {provenance.baseline})" if provenance.baseline else "")
    return "\n".join(
        [
            f"# Attention pattern {provenance.pattern_id}",
            "",
            f"Found by a `nas` search: {_inert(origin)} of study {_inert(provenance.study)}.",
            "`provenance.json` says what it was trained on, with which seeds and versions.",
            "",
            *_results(provenance),
            "## How to use it",
            "",
            usage,
        ]
    )


def _results(provenance: Provenance) -> list[str]:
    if not provenance.values:
        return ["The trial did not finish: there are no results.", ""]
    rows = ["| objective | value | spread over seeds | unit | wanted |", "|---|---|---|---|---|"]
    for goal in provenance.objectives:
        name = goal["name"]
        spread = provenance.spread.get(name)
        shown = "" if spread is None else f"± {spread:.3g}"
        cells = [name, f"{provenance.values[name]:.6g}", shown, goal["unit"], goal["direction"]]
        rows.append("| " + " | ".join(map(_inert, cells)) + " |")
    return [*rows, ""]


def _inert(text: str) -> str:
    """A name from outside as one line that Markdown shows and does not act upon."""
    line = "".join(letter if letter.isprintable() else "?" for letter in text)
    return "".join(f"\\{letter}" if letter in "\\`*[]<>|#!" else letter for letter in line)
