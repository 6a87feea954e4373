"""What a user of the default search pays."""

from pathlib import Path

import total_cost
from search_methods.whole_study import PURPOSES

TABLE = Path(__file__).parents[2] / "tables" / "tabular-text.jsonl"


def test_every_part_has_its_row_and_the_parts_add_up() -> None:
    found = list(total_cost.lines("table", TABLE, 2))
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in found[3:]]
    assert [row[0] for row in rows] == [*PURPOSES, "all"]
    means = [float(row[1].split()[0]) for row in rows]
    assert abs(sum(means[:-1]) - means[-1]) < 0.05
    assert means[0] == 0 and all(mean > 0 for mean in means[1:])  # the table has no baselines
    assert sum(int(row[2][:-1]) for row in rows[:-1]) in range(98, 103)
