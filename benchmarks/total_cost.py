"""What a user of `make search` pays: whole studies, replayed, in full runs of a table's mean pattern.

    python benchmarks/total_cost.py tables/tabular-text.jsonl --seeds 16

A study trains baselines, searches, trains its front with further seeds, and checks its ranking with long runs. Methods
are compared by what the search alone costs (`search_cost.py`); the rest comes on top, whichever sampler searches. The
studies are those of the default preset, in a world that a model of the table predicts (`search_methods/world.py`).
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from search_methods.report import table_lines
from search_methods.search import interval
from search_methods.whole_study import PURPOSES, replay_study
from search_methods.world import WORLDS, world_of

from nas.config.load import load_settings


def main() -> None:
    """Replay and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("--world", choices=WORLDS, default=WORLDS[-1])
    parser.add_argument("--seeds", type=int, default=16, help="studies")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print("\n".join(lines(options.world, options.table, options.seeds)))


def lines(name: str, path: Path, num_studies: int) -> Iterator[str]:
    """A row for every purpose of training runs: full runs and their share of all, means with 95% intervals."""
    world = world_of(name, path)
    started = time.process_time()
    (preset,) = load_settings([])
    settings = replace(
        world.settings, num_trials=preset.num_trials, confirm_seeds=preset.confirm_seeds, fidelity=preset.fidelity
    )
    studies = [replay_study(world, replace(settings, seed=seed)) for seed in range(num_studies)]
    cpu_seconds = (time.process_time() - started) / num_studies
    runs = [{purpose: study.flops[purpose] / world.full_run_flops for purpose in PURPOSES} for study in studies]
    rows = []
    for purpose in PURPOSES:
        share = sum(own[purpose] for own in runs) / sum(sum(own.values()) for own in runs)
        rows.append([purpose, _spread([own[purpose] for own in runs]), f"{share:.0%}"])
    rows.append(["all", _spread([sum(own.values()) for own in runs]), "100%"])
    yield f"{num_studies} studies in the world {name!r}; {cpu_seconds:.1f} s of processor time each without training.\n"
    yield from table_lines(["part", "full runs", "share"], rows)


def _spread(values: list[float]) -> str:
    mean, low, high = interval(values)
    return f"{mean:.2f} ({low:.2f} to {high:.2f})"


if __name__ == "__main__":
    main()
