"""What is known of larger models, and whether small ones show it: claims about `space=anchors`, judged on tables.

    nas table build anchors.jsonl space=anchors --learning-rates 4e-3
    nas table build recall.jsonl space=anchors task=recall proxy.token_shift=true
    python benchmarks/anchors.py anchors.jsonl recall.jsonl --out findings.json

Each table is one regime: settings of the proxy, of its training and of the task, which must be one of language (bits or
nats per token) or recall. Anchors are found by what they attend to, so any table that holds some of them can be read,
finished or not. A difference is that of means over the seeds that both patterns were trained with, positive where the
first is better; its interval holds 95%, with noise pooled over all patterns of the table (claims/noise.py). A table of
one seed has the noise of another one in the same unit and at the same length, or at its longest if it has no such
length; the shipped one unless one is named. Without tables, those of four regimes at the small size are judged, one of
the size above it, and one of recall.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from claims import recall
from claims.claim import Finding
from claims.regime import Regime
from claims.text import TEXT_CLAIMS

from nas.errors import InputError, NasError
from nas.ground_truth.file import read_table
from nas.patterns.label import label

SHIPPED = Path(__file__).parents[1] / "tables" / "tabular-text.jsonl"
REGIMES = (
    SHIPPED,
    SHIPPED.parent / "anchors" / "S-base100.jsonl",
    *(SHIPPED.parent / "ladder" / f"{name}.jsonl" for name in ("S-convolution", "S-shift", "M-plain")),
    SHIPPED.parent / "anchors" / "S-recall.jsonl",
)
"""Plain proxies, those of three other regimes, larger ones, and recall."""


def main(words: Sequence[str] | None = None) -> int:
    """Judge every table, print, keep; 0 whatever the verdicts are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", type=Path, default=REGIMES, metavar="TABLE", help="of nas table build")
    parser.add_argument("--noise-of", type=Path, default=SHIPPED, metavar="TABLE", help="for tables of one seed")
    parser.add_argument("--out", type=Path, help="keep the findings there, as JSON")
    options = parser.parse_args(words)
    try:
        like = read_table(options.noise_of)
        regimes = [Regime.read(path, like) for path in options.tables]
        found = [(regime, findings(regime)) for regime in regimes]
    except NasError as error:
        print(f"anchors.py: {error}", file=sys.stderr)
        return 2
    for regime, own in found:
        print("\n".join(report(regime, own)), end="\n\n")
    if options.out:
        kept = [{"title": regime.title, "findings": [asdict(one) for one in own]} for regime, own in found]
        options.out.write_text(json.dumps(kept, indent=2) + "\n")
    return 0


def findings(regime: Regime) -> list[Finding]:
    """What a regime shows of the claims that its task is for.

    Raises:
        InputError: there are no claims about its task, or a table of recall cannot be judged.
    """
    if regime.task["name"] == "recall":
        return list(recall.findings(regime))
    if regime.task["name"] not in ("text", "tokens"):
        raise InputError(f"{regime.name}: task", "must be text, tokens or recall", regime.task["name"])
    return [claim.finding(regime) for claim in TEXT_CLAIMS]


def report(regime: Regime, own: Sequence[Finding]) -> list[str]:
    """Markdown: the anchors by their quality, then the claims."""
    return [f"**{regime.title}**", "", noise_line(regime), "", *quality_lines(regime), "", *finding_lines(regime, own)]


def noise_line(regime: Regime) -> str:
    """How exact the differences are."""
    noise, unit = regime.noise, regime.table.task.unit
    if noise is None:
        return "No pattern has two seeds, so nothing is decided."
    whose = ", as in the table that stands for it" if regime.has_noise_of_another else ""
    return (
        f"Noise of one run{whose}: {noise.deviation:.4f} {unit} ({noise.num_degrees} degrees of freedom); two runs of "
        f"one pattern differ by less than {noise.margin:.4f} in 95% of all cases, which is the margin of `not worse "
        "than` and `within noise of`."
    )


def quality_lines(regime: Regime) -> list[str]:
    """A row for every anchor, the best first; equal ones share a row."""
    names: dict[str, list[str]] = {}
    for name in sorted(regime.means, key=lambda name: -regime.sign * regime.means[name]):
        names.setdefault(regime.anchors[name].id, []).append(name)
    lines = [f"| anchor | {regime.table.task.unit} | seeds | pairs | pattern |", "|---|---|---|---|---|"]
    for first, *others in names.values():
        seeds, share = len(regime.runs[first]), regime.pairs(first) / regime.pairs("full")
        told = label(regime.anchors[first]).replace("|", "\\|")
        called = ", ".join(f"`{name}`" for name in (first, *others))
        lines.append(f"| {called} | {regime.means[first]:.4f} | {seeds} | {share:.2f}x | {told} |")
    return lines


def finding_lines(regime: Regime, own: Sequence[Finding]) -> list[str]:
    """A row for every claim."""
    lines = [
        f"| claim | difference, {regime.table.task.unit} | 95% | seeds | pairs, first to second | verdict |",
        "|---|---|---|---|---|---|",
    ]
    for one in own:
        difference = "-" if one.difference is None else f"{one.difference:+.4f}"
        interval = "-" if one.interval is None else f"{one.interval.low:+.4f} to {one.interval.high:+.4f}"
        share = "-" if one.pairs_share is None else f"{one.pairs_share:.2f}x"
        lines.append(f"| {one.claim} | {difference} | {interval} | {one.num_seeds} | {share} | **{one.verdict}** |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
