"""What a good front costs to find: search methods replayed on tables of trained patterns.

    python benchmarks/search_cost.py tables/tabular-text.jsonl --draws 20 --keep searches.jsonl   # hours, most of it GP
    python benchmarks/search_cost.py tables/tabular-text.jsonl --methods make,untrained           # seconds

Every method searches the same space; its training runs are looked up in the table, so a search takes seconds, and their
FLOPs are added up. After every run its choices are judged: the patterns that it would put on its front at that moment
(forecast to the last rung where they were not trained to it), by their true values, as a share of the hypervolume of
the true front of the whole table. The reference point lies a tenth of the true front's range beyond its nadir; shares
below the worst of every objective in the table are printed next to it.

Scores are those of the table's seeds, or with --draws N of N draws of its noise about a truth that is known, so that an
interval is one over noise. Several tables are judged one by one, and the methods' ranks are averaged over them. With
--keep, searches are kept as they end, and the same command resumes.

What shared weights scored comes from `python -m benchmarks.shared_weights`; their training is paid for first.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import torch
from search_methods.catalog import methods_for, num_searches, one_search
from search_methods.floor import floor_lines
from search_methods.kept import SearchKey, read_searches, write_search
from search_methods.picture import draw
from search_methods.report import Searches, method_lines, rank_lines
from search_methods.search import Search
from search_methods.truth import Truth, load


def main() -> None:
    """Replay, judge, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=20, help="searches a method")
    parser.add_argument("--trials", type=int, default=60, help="patterns a search samples")
    parser.add_argument("--draws", type=int, default=0, help="draws of a table's noise; 0 for its own seeds")
    parser.add_argument("--methods", default="", help="only those whose name contains one of these, by comma")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="JSON Lines; what is there is not replayed again")
    parser.add_argument("--picture", type=Path, help="of the first table")
    options = parser.parse_args()
    truths = {path: load(path, options.draws)[2] for path in options.tables}
    found = replays(options, truths)
    for path, truth in truths.items():
        print(f"## {path.name}: {len(truth.values)} patterns, rungs {list(truth.rungs)}\n")
        print("\n".join([*method_lines(found[path], truth), "", *floor_lines(truth), ""]), flush=True)
    if len(truths) > 1:
        print("\n".join(rank_lines([(found[path], truth) for path, truth in truths.items()])))
    if options.picture:
        first = options.tables[0]
        draw(found[first], truths[first], options.picture)


def replays(options: argparse.Namespace, truths: dict[Path, Truth]) -> dict[Path, Searches]:
    """All searches of every table, made now or kept."""
    known = read_searches(options.keep) if options.keep else {}
    keys = [(path, key) for path, truth in truths.items() for key in keys_of(options, path, truth)]
    new = [(path, key) for path, key in keys if key not in known]
    with ProcessPoolExecutor(options.workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        keys_by_future = {pool.submit(_search, path, key): key for path, key in new}
        for done, future in enumerate(as_completed(keys_by_future), 1):
            key, search = keys_by_future[future], future.result()
            known[key] = search
            if options.keep:
                write_search(options.keep, key, search)
            print(f"\r{done}/{len(new)} searches", end="", file=sys.stderr, flush=True)
    found: dict[Path, Searches] = {path: {} for path in truths}
    for path, key in keys:
        found[path].setdefault(key.method, []).append(known[key])
    return found


def keys_of(options: argparse.Namespace, path: Path, truth: Truth) -> Iterator[SearchKey]:
    """Every search of a table that is asked for, one seed after another."""
    wanted: Sequence[str] = options.methods.split(",")
    names = [name for name in methods_for(truth.rungs) if any(part in name for part in wanted)]
    for seed in range(options.seeds):
        for name in [name for name in names if seed < num_searches(name, options.seeds)]:
            yield SearchKey(path.as_posix(), options.draws, options.trials, name, seed)


def _search(path: Path, key: SearchKey) -> Search:
    return one_search(key.method, path, key.num_draws, key.seed, key.num_trials)


if __name__ == "__main__":
    main()
