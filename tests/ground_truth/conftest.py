"""Tables of four patterns; see tests/tiny_table.py."""

from pathlib import Path
from typing import Any

import pytest

from nas.ground_truth import build as build_module
from nas.ground_truth.build import build_table
from nas.ground_truth.file import Table, read_table
from nas.ground_truth.row_store import Progress
from nas.search.executors import choose
from nas.search.problem.problem import Problem, make_problem
from nas.search.settings import SpaceSettings
from nas.tasks.synthetic.recall import RecallSettings
from tests.one_thread import one_thread as one_thread
from tests.tiny_table import RATES, Build, FakeExecutor, Stop, pretend_table, tiny_settings

WIDE = {
    "space": SpaceSettings(attribute="search_spaces.tabular:Tabular"),
    "task": RecallSettings(num_tokens=32, vocab_size=16, num_pairs=2, validation_sequences=16),
}
"""The shipped small space on 32 tokens and one layer."""


@pytest.fixture(autouse=True)
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Executors take a thread per core; rows are promised to be bit-identical for one."""
    monkeypatch.setattr(choose, "num_cores", lambda: 1)


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> FakeExecutor:
    """What tables are built with instead of training."""
    fake = FakeExecutor()
    monkeypatch.setattr(build_module, "make_executor", lambda settings, setup, devices, folder: fake)
    return fake


@pytest.fixture(scope="session")
def whole_tiny(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a whole table in which nothing was trained."""
    path = tmp_path_factory.mktemp("table") / "tiny.jsonl"
    pretend_table(path)
    return path.read_bytes()


@pytest.fixture(scope="session")
def wide_table(tmp_path_factory: pytest.TempPathFactory) -> Table:
    """27 patterns with three seeds, in which nothing was trained; recall is to be maximised."""
    path = tmp_path_factory.mktemp("table") / "wide.jsonl"
    pretend_table(path, 3, **WIDE)
    return read_table(path)


@pytest.fixture(scope="session")
def wide_problem() -> Problem:
    """What that table was built for."""
    return make_problem(tiny_settings(**WIDE))


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """`build(stop_after=None, name="tiny.jsonl", seeds=2, rates=RATES, **settings)`: builds, or resumes; the table."""

    def build_tiny(
        stop_after: int | None = None, name: str = "tiny.jsonl", seeds: int = 2, rates: Any = RATES, **changes: Any
    ) -> Table:
        before: int | None = None

        def count(progress: Progress) -> None:
            nonlocal before
            before = progress.num_rows if before is None else before
            if stop_after is not None and progress.num_rows - before > stop_after:
                raise Stop

        path = tmp_path / name
        try:
            build_table(tiny_settings(**changes), seeds, rates, path, count)
        except Stop:
            assert stop_after is not None
        return read_table(path)

    return build_tiny
