"""The one layout that patterns must have in common to share weights."""

from collections.abc import Sequence

from nas.errors import InputError
from nas.patterns.model import ModelPattern
from nas.proxy.checks import check_fit
from nas.proxy.network.layout import Layout, layout_for
from nas.proxy.settings import ProxySettings
from nas.tasks.task import Task


def shared_layout(patterns: Sequence[ModelPattern], proxy: ProxySettings, task: Task) -> Layout:
    """The layout of all patterns.

    Raises:
        PatternError: a pattern does not fit the proxy or the task.
        InputError: there is no pattern, or they ask for different weights: other positions, other projections.
    """
    for pattern in patterns:
        check_fit(pattern, task, proxy)
    layouts = {layout_for(pattern, proxy, task) for pattern in patterns}
    if len(layouts) != 1:
        remedy = "Give all of them one position, and low_rank heads of one size or none."
        raise InputError("patterns", "must all have the same weights", f"{len(layouts)} layouts", remedy)
    return layouts.pop()
