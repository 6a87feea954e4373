"""A front as a table of pandas or polars."""

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from nas.errors import InputError
from nas.patterns.label import label

if TYPE_CHECKING:
    import pandas
    import polars

    from nas.results.front import Front, FrontEntry

LIBRARIES = ("pandas", "polars")
"""Libraries that make the table; the first one that is installed does."""

_UNIT = re.compile(r"_(bytes|ms|flops)$")


def front_frame(front: "Front") -> "pandas.DataFrame | polars.DataFrame":
    """A row per point of the front, best quality first, then one per baseline that is not on it.

    Columns have the names of settings and of front.csv: the value of every objective as it was measured, its estimate,
    and costs as shares of full attention's under the names of the constraints (`flops_ratio`).

    Raises:
        InputError: neither pandas nor polars is installed.
    """
    library: Any = _library()
    return library.DataFrame(_columns(front))


def _library() -> Any:
    for name in LIBRARIES:
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            if error.name != name:  # it is there, and broken
                raise
    raise InputError("to_dataframe", "needs pandas or polars", "neither", "pip install pandas, for example.")


def _columns(front: "Front") -> dict[str, list[Any]]:
    points = {point.trial for point in front.points}
    entries: list[FrontEntry] = [*front.points, *front.other_baselines]
    columns: dict[str, list[Any]] = {
        "trial": [entry.trial for entry in entries],
        "baseline": [entry.baseline for entry in entries],
        "on_front": [entry.trial in points for entry in entries],
        "front_probability": [entry.front_probability for entry in entries],
        "pattern_id": [entry.pattern_id for entry in entries],
        "label": [label(entry.pattern) for entry in entries],
    }
    for objective in front.objectives:
        columns[objective.name] = [entry.values.get(objective.name) for entry in entries]
        if objective.is_cost:
            columns[_ratio_name(objective.name)] = [entry.ratio(objective.name) for entry in entries]
    for score in front.further_scores:
        columns[score.name] = [entry.scores.get(score.name) for entry in entries]
    for name in dict.fromkeys(name for entry in entries for name in entry.estimates):
        known = [entry.estimates.get(name) for entry in entries]
        columns[f"{name}_estimate"] = [one and one.mean for one in known]
        columns[f"{name}_estimate_deviation"] = [one and one.standard_deviation for one in known]
    return columns | {"num_seeds": [len(entry.seeds) for entry in entries]}


def _ratio_name(cost: str) -> str:
    """`kv_cache_ratio` for `kv_cache_bytes`, as the constraint is called."""
    return f"{_UNIT.sub('', cost)}_ratio"
