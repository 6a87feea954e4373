"""Whether recall beside text ranks more like a larger model: the mean of both ranks against its end.

    python benchmarks/second_task.py                                    # the tables that docs/transfer.md speaks of
    python benchmarks/second_task.py --text T.jsonl --recall R.jsonl --truth L.jsonl

A search with two tasks compares patterns by their mean rank. Printed for every rung of text, as measured and as
projected to 20 tokens a parameter: Kendall's tau-b with the larger model by text alone, by recall alone at its last
rung, and by the mean of both ranks; and what a run of each costs.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from transfer import LEAST, Truth, projections_at, run_flops, values_at

from nas.errors import InputError, NasError
from nas.ground_truth.file import Table, read_table
from nas.statistics.rank_agreement import kendall_tau
from nas.statistics.ranks import rank_shares

TABLES = Path(__file__).parents[1] / "tables"
HOW = {"measured": values_at, "projected": projections_at}


def by_counterpart(truth: Truth, table: Table, values: Mapping[str, float]) -> dict[str, float]:
    """A small table's values by the id of the same choice in the larger model."""
    known = [entry for entry in table.plan.entries if entry.pattern.id in values]
    return {truth.counterpart(table, entry): values[entry.pattern.id] for entry in known}


def taus(
    truth: Mapping[str, float], text: Mapping[str, float], recall: Mapping[str, float]
) -> tuple[int, list[float | None]]:
    """How many patterns all three have, and tau with the truth by text, by recall, and by the mean of both ranks.

    Args:
        truth: the larger model's values by pattern, to be minimised.
        text: the small model's, likewise.
        recall: the same, likewise.
    """
    names = sorted(truth.keys() & text.keys() & recall.keys())
    if len(names) < LEAST:
        return len(names), [None] * 3
    own, other, end = ([values[name] for name in names] for values in (text, recall, truth))
    ranks = zip(rank_shares(own, "minimize"), rank_shares(other, "minimize"), strict=True)
    return len(names), [kendall_tau(each, end) for each in (own, other, [one + two for one, two in ranks])]


def lines(truth: Truth, text: Table, recall: Table) -> list[str]:
    """Markdown: a row for each rung of text and each way to read it."""
    end = recall.plan.rungs[-1]
    learnt = by_counterpart(truth, recall, values_at(recall, end))
    cost = run_flops(recall, end) / 1e12
    found = [f"Recall: {end:,} steps, {cost:.2f} TFLOP a run.", ""]
    found += [
        "| text, steps | TFLOP a run | values | patterns | text | recall | both |",
        "|---|---|---|---|---|---|---|",
    ]
    for rung in text.plan.rungs:
        for how, values in HOW.items():
            num, three = taus(truth.values, by_counterpart(truth, text, values(text, rung)), learnt)
            cells = " | ".join("-" if tau is None else f"{tau:.2f}" for tau in three)
            if num:
                found.append(f"| {rung:,} | {run_flops(text, rung) / 1e12:.2f} | {how} | {num} | {cells} |")
    return found


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, default=TABLES / "ladder" / "S-base100-drawn.jsonl")
    parser.add_argument("--recall", type=Path, default=TABLES / "anchors" / "S-recall-drawn.jsonl")
    parser.add_argument("--truth", type=Path, default=TABLES / "ladder" / "M-drawn.jsonl")
    options = parser.parse_args(words)
    try:
        truth, text, recall = map(read_table, (options.truth, options.text, options.recall))
        if recall.task.direction != "maximize":
            allowed = "must be a table of a task with accuracies"
            raise InputError(str(options.recall), allowed, recall.task.unit, "Name one of recall.")
        print("\n".join(lines(Truth.of(truth), text, recall)))
    except NasError as error:
        print(f"second_task.py: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
