"""Searches that were made before: JSON Lines, one search a line, so that hours of replays can be resumed."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from search_methods.search import Chosen, Search


@dataclass(frozen=True)
class SearchKey:
    """What identifies a search.

    Args:
        table: path of its file.
        num_draws: of the table's noise; 0 for its own seeds.
        num_trials: patterns that a search samples, unless its method says so itself.
        method: its name.
        seed: of the search.
    """

    table: str
    num_draws: int
    num_trials: int
    method: str
    seed: int


def read_searches(file: Path) -> dict[SearchKey, Search]:
    """All searches in a file; none if there is no file."""
    searches = {}
    for line in file.read_text().splitlines() if file.exists() else ():
        row = json.loads(line)
        moments = tuple(Chosen(flops, tuple(ids)) for flops, ids in row["moments"])
        searches[SearchKey(**row["key"])] = Search(moments, row["tau"], row["cpu_seconds"])
    return searches


def write_search(file: Path, key: SearchKey, search: Search) -> None:
    """Append one search."""
    row = {
        "key": asdict(key),
        "moments": [(moment.flops, moment.ids) for moment in search.moments],
        "tau": search.tau,
        "cpu_seconds": search.cpu_seconds,
    }
    with file.open("a") as stream:
        stream.write(json.dumps(row) + "\n")
