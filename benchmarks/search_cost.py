"""What a good front costs to find: search methods replayed on a table of trained patterns.

    python benchmarks/search_cost.py tables/tabular-text.jsonl --picture docs/pictures/search_cost.png

Every method searches the same space; its trainings are looked up in the table, so a search takes seconds, and their
FLOPs are added up. After every training its choices are judged: the patterns that it would put on its front at that
moment (forecast to the last rung where they were not trained to it), by their true values (the table's last rung, mean
over seeds), as a share of the hypervolume of the true front of the whole table. The reference point is the worst of
every objective in the table, so that a front of bad patterns is worth nothing. At the end of every search its ranking
of all patterns that it has trained is compared with the truth as well.

What shared weights scored comes from `python -m benchmarks.shared_weights`; their training is paid for first.
"""

import argparse
import json
import math
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from search_methods.catalog import METHODS, one_search
from search_methods.search import Search, at, cost_of, interval
from search_methods.truth import load

DRAWN = (
    "make search",
    "halving, ehvi",
    "ehvi",
    "halving, TPE",
    "Optuna GP",
    "Optuna TPE, multivariate",
    "MO-ASHA",
    "shared weights",
    "Pareto mutation",
    "random",
    "first version",
)
"""What the picture shows; more lines could not be told apart."""


def main() -> None:
    """Replay, judge, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--seeds", type=int, default=20, help="searches a method")
    parser.add_argument("--trials", type=int, default=60, help="patterns a search samples")
    parser.add_argument(
        "--table-seeds", type=int, default=None, help="seeds of the table that are used; all if left out"
    )
    parser.add_argument("--methods", default="", help="only those whose name contains one of these, by comma")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, help="keep the searches there, as JSON")
    parser.add_argument("--known", type=Path, nargs="*", default=[], help="what --out kept; these are not made again")
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    wanted = [name for name in METHODS if any(part in name for part in args.methods.split(","))]
    _, _, truth = load(args.table, args.table_seeds)
    print(f"{len(truth.values)} patterns, seeds {truth.seeds}, rungs {truth.rungs}", file=sys.stderr)
    tasks = [(name, args.table, args.table_seeds, seed, args.trials) for name in wanted for seed in range(args.seeds)]
    searches: dict[str, list[Search]] = {name: [] for name in wanted}
    for file in args.known:
        for name, own in json.loads(file.read_text()).items():
            searches[name] = [Search(one["curve"], one["tau"], tuple(one["num_chosen"])) for one in own]
    tasks = [task for task in tasks if not searches[task[0]]]
    with ProcessPoolExecutor(args.workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        for done, (name, search) in enumerate(pool.map(one_search, tasks), 1):
            searches[name].append(search)
            print(f"\r{done}/{len(tasks)} searches", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    report(searches, truth.full_run_flops)
    if args.out:
        args.out.write_text(json.dumps({name: [asdict(one) for one in own] for name, own in searches.items()}))
    if args.picture:
        draw(searches, args.picture, truth.full_run_flops)


def report(searches: dict[str, list[Search]], unit: float) -> None:
    """A line for every method: what it reaches at some budgets, what 90% and 95% cost it, and its last ranking."""
    budgets = (5, 10, 20, 40, 80)
    print("Share of the true hypervolume after so many full trainings' FLOPs (mean and 95% interval over searches).")
    print("Median cost, in full trainings, of staying above 90% and 95%; a dash: half of the searches do not.")
    print("Tau-b between the final ranking of what was trained and the truth.")
    print("Patterns chosen at the end, and at most; means.\n")
    print("| method | " + " | ".join(map(str, budgets)) + " | 90% | 95% | tau at the end | chosen |")
    print("|---" * (len(budgets) + 5) + "|")
    for name, own in searches.items():
        cells = []
        for budget in budgets:
            mean, low, high = interval([at(search.curve, budget * unit) for search in own])
            cells.append(f"{mean:.3f} ({low:.3f} to {high:.3f})")
        costs = [float(np.median([cost_of(search.curve, share) for search in own])) / unit for share in (0.9, 0.95)]
        cells += [f"{cost:.1f}" if math.isfinite(cost) else "-" for cost in costs]
        mean, low, high = interval([search.tau for search in own if search.tau is not None])
        cells.append(f"{mean:.2f} ({low:.2f} to {high:.2f})")
        last, most = (np.mean([pick(search.num_chosen) for search in own]) for pick in (lambda all_: all_[-1], max))
        print(f"| {name} | " + " | ".join(cells) + f" | {last:.0f}, {most:.0f} |", flush=True)


def draw(searches: dict[str, list[Search]], picture: Path, unit: float) -> None:
    """Mean share against FLOPs, with the interval of the mean."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(11, 5.5), layout="constrained")
    budgets = np.geomspace(0.5, 60, 80)
    for name in [name for name in DRAWN if name in searches]:
        own = searches[name]
        means = [interval([at(search.curve, budget * unit) for search in own]) for budget in budgets]
        ours = "make" in name or "ehvi" in name
        colour = "black" if name == "first version" else None
        means_alone = [mean for mean, _, _ in means]
        line = axes.plot(budgets, means_alone, label=name, linewidth=2.4 if ours else 1.3, color=colour)[0]
        axes.fill_between(
            budgets, [low for _, low, _ in means], [high for _, _, high in means], color=line.get_color(), alpha=0.12
        )
    axes.axhline(0.95, color="0.6", linewidth=0.8, linestyle=":")
    axes.set(
        xscale="log",
        ylim=(0, 1.01),
        xlabel="training FLOPs spent, in full trainings",
        ylabel="share of the true hypervolume",
    )
    axes.legend(fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    figure.savefig(picture, dpi=110)


if __name__ == "__main__":
    main()
