"""Which parts of a test are traced for coverage in `make test`: first cases, and first examples of a property.

Tracing adds three quarters to the processor time of the tests. Later cases hardly run a line that the first ones did
not: the coverage that is reported is a lower bound, about a fifth of a percent too low. In one process, as
`pytest --cov tests/patterns` runs them, all is traced.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import wraps
from typing import Any

import pytest

NUM_CASES = 2
NUM_EXAMPLES = 20


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Let pytest-cov pause in all cases of a test but the first."""
    if not _tracing(config):
        return
    seen: Counter[str] = Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        seen[test] += 1
        if seen[test] > NUM_CASES:
            item.add_marker("no_cover")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Pause in all examples of a property but the first."""
    tracing = _tracing(item.config)
    handle = getattr(getattr(item, "obj", None), "hypothesis", None)
    if not tracing or not hasattr(handle, "inner_test") or item.get_closest_marker("no_cover"):
        return (yield)
    inner, num_runs = handle.inner_test, 0

    @wraps(inner)
    def example(*args: Any, **named: Any) -> Any:
        nonlocal num_runs
        num_runs += 1
        if num_runs == NUM_EXAMPLES + 1:
            tracing.pause()
        return inner(*args, **named)

    handle.inner_test = example
    try:
        return (yield)
    finally:
        handle.inner_test = inner
        if num_runs > NUM_EXAMPLES:
            tracing.resume()


def _tracing(config: pytest.Config) -> Any:
    """What pauses and resumes tracing in a process that runs a share of the tests; false without."""
    plugin = config.pluginmanager.getplugin("_cov")
    return plugin and hasattr(config, "workerinput") and plugin.cov_controller
