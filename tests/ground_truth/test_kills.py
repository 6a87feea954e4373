"""A table whose build is killed at any write loses no finished row, and comes out the same."""

from pathlib import Path

import pytest

from nas.ground_truth.file import read_table
from tests.fault_points import states_of
from tests.tiny_table import NUM_ROWS, Build, FakeExecutor, without_times

pytestmark = pytest.mark.slow


def whole_lines(content: bytes) -> list[bytes]:
    return content.split(b"\n")[:-1]


@pytest.mark.parametrize("torn", [False, True])
def test_a_table_killed_at_any_write_loses_no_row(
    build: Build, executor: FakeExecutor, tmp_path: Path, torn: bool
) -> None:
    """Between two writes, and in the middle of one, which leaves a part of a line."""
    states = states_of(tmp_path, lambda: build(name="whole.jsonl"))
    whole = read_table(tmp_path / "whole.jsonl")
    contents = [state["whole.jsonl"] for state in states if state.get("whole.jsonl")]
    assert len(contents) > NUM_ROWS, "every row is a write"
    for number, content in enumerate(contents[:: 3 if torn else 1]):
        path = tmp_path / f"killed-{number}.jsonl"
        path.write_bytes(content[: -len(whole_lines(content)[-1]) // 2] if torn else content)
        kept = whole_lines(path.read_bytes())
        trained = len(executor.done)
        again = build(name=path.name)
        assert whole_lines(path.read_bytes())[: len(kept)] == kept, "a row was lost or changed"
        assert without_times(again) == without_times(whole)
        num_known = sum(b'"step"' in line for line in kept)
        assert len(executor.done) - trained <= NUM_ROWS - num_known, "a known row was trained again"
        path.unlink()


def test_a_table_killed_while_it_grows_by_seeds_loses_no_row(
    build: Build, executor: FakeExecutor, tmp_path: Path
) -> None:
    """Its first line is written anew, in one step."""
    before = build(name="grown.jsonl")
    states = states_of(tmp_path, lambda: build(name="grown.jsonl", seeds=3))
    whole = read_table(tmp_path / "grown.jsonl")
    for number, state in enumerate(states):
        path = tmp_path / f"killed-{number}.jsonl"
        path.write_bytes(state["grown.jsonl"])
        assert read_table(path).rows[:NUM_ROWS] == before.rows, "a row was lost"
        assert without_times(build(name=path.name, seeds=3)) == without_times(whole)
        path.unlink()
