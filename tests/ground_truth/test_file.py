"""The file of a table: what is read is what was written, and damage is named by its line."""

import fcntl
import json
import re
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from nas.errors import InputError, StudyError
from nas.files import write_text
from nas.ground_truth.build import build_table
from nas.ground_truth.file import read_table
from nas.ground_truth.planning import SETTINGS, make_header, make_plan
from nas.ground_truth.summary import summarize
from nas.ground_truth.writer import TableWriter, this_session
from nas.results.codec import to_document
from nas.results.table import TaskFacts
from nas.search.problem.problem import make_problem
from nas.search.settings import SpaceSettings
from tests.tiny_table import RATES, FakeExecutor, tiny_settings


@pytest.fixture
def path(whole_tiny: bytes, tmp_path: Path) -> Path:
    """A whole tiny table."""
    (tmp_path / "tiny.jsonl").write_bytes(whole_tiny)
    return tmp_path / "tiny.jsonl"


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def change(path: Path, number: int, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Edit the document of a line, counted from 1."""
    texts = lines(path)
    document = json.loads(texts[number - 1])
    texts[number - 1] = json.dumps(edit(document) or document)
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")


class TestReading:
    def test_the_first_line_describes_the_table(self, path: Path) -> None:
        settings = tiny_settings()
        problem = make_problem(settings)
        table = read_table(path)
        plan = make_plan(settings, problem, 2, RATES)
        assert sorted(entry.pattern.id for entry in plan.entries) == [entry.pattern.id for entry in table.plan.entries]
        assert {entry.pattern.id: entry for entry in plan.entries} == {
            entry.pattern.id: entry for entry in table.plan.entries
        }
        assert (table.plan.rungs, table.plan.seeds, table.plan.learning_rates) == ((4, 8), (0, 1), RATES)
        assert (table.proxy, table.training) == (settings.proxy, settings.training)
        assert table.task == TaskFacts(
            unit="share of queries", direction="maximize", chance=problem.task.chance, num_tokens=16, vocab_size=16
        )
        assert table.header.settings.keys() == {"space", "task", "proxy", "training", "seed"}
        assert table.header.task_fingerprint == problem.task.fingerprint
        assert table.header.corpus_hash is None
        made = make_header(settings, problem.task, plan)
        assert json.dumps(to_document(table.header), sort_keys=True) == json.dumps(to_document(made), sort_keys=True)

    def test_a_session_names_machine_versions_and_date(self, path: Path) -> None:
        (session,) = read_table(path).sessions
        (document,) = (json.loads(line)["session"] for line in lines(path) if '"session"' in line)
        assert document == to_document(session)
        assert {"date", "machine", "processor", "python", "torch", "lightning", "nas", "device", "workers"} == set(
            document
        )
        assert (session.device, session.workers) == ("cpu", 1)
        assert session.date.endswith("+00:00")

    def test_lines_are_sorted_json_and_rows_read_back(self, path: Path) -> None:
        texts = lines(path)
        assert all(text == json.dumps(json.loads(text), sort_keys=True) for text in texts)
        rows = [json.loads(json.dumps(to_document(row))) for row in read_table(path).rows]
        assert rows == [json.loads(text) for text in texts[1:] if "session" not in json.loads(text)]

    def test_settings_of_other_versions_do_not_matter(self, path: Path) -> None:
        def edit(header: dict[str, Any]) -> None:
            header["settings"]["training"]["of_another_version"] = 3
            del header["settings"]["training"]["weight_decay"]

        change(path, 1, edit)
        assert read_table(path).training == tiny_settings().training

    def test_rows_from_before_a_field_was_added_are_read(self, path: Path) -> None:
        before = read_table(path).rows
        change(path, 12, lambda row: row.pop("longer") and None)
        assert read_table(path).rows == before

    def test_a_line_without_an_end_is_passed_over(self, path: Path) -> None:
        before = read_table(path).rows
        for cut in (1, 5, 100):
            path.write_bytes(path.read_bytes()[:-cut])
            assert read_table(path).rows == before[: len(read_table(path).rows)]
        assert len(read_table(path).rows) == len(before) - 1

    def test_what_ran_out_of_memory_is_no_result(self, path: Path) -> None:
        def edit(row: dict[str, Any]) -> None:
            row.update(outcome="out_of_memory", quality=None, train_loss=None)

        before = read_table(path).rows
        change(path, 5, edit)
        assert read_table(path).rows == (*before[:2], *before[3:])


class TestDamage:
    @pytest.mark.parametrize(
        ("edit", "said"),
        [
            (lambda header: header.pop("rungs") and None, "'Object missing required field `rungs`'"),
            (lambda header: header.update(rungs=[8, 4]), "rungs must rise"),
            (lambda header: header.update(rungs=[]), "rungs must rise"),
            (lambda header: header.update(rungs=[4.5]), "rungs[0]: Expected `int`, got `float`"),
            (lambda header: header.update(seeds="01"), "seeds: Expected `array`, got `str`"),
            (lambda header: header.update(learning_rates=[float("inf")]), "JSON is malformed: invalid character"),
            (lambda header: header.update(learning_rates=[-1.0]), "different numbers above 0"),
            (lambda header: header.update(sweep_rung=5), "sweep_rung must be one of the rungs"),
            (lambda header: header.update(patterns={}), "no patterns"),
            (lambda header: header.update(patterns=[]), "patterns: Expected `object`, got `array`"),
            (
                lambda header: header["settings"]["training"].update(batch_size="4"),
                "settings.training.batch_size: Expected `int`, got `str`",
            ),
            (
                lambda header: header["settings"]["training"].update(batch_size=True),
                "settings.training.batch_size: Expected `int`, got `bool`",
            ),
            (
                lambda header: header["settings"]["training"].update(cooldown_share=float("nan")),
                "JSON is malformed: invalid character",
            ),
            (
                lambda header: header["settings"]["training"].pop("batch_size") and None,
                "settings.training lacks 'batch_size'",
            ),
            (
                lambda header: header["settings"]["proxy"].update(num_layers=10**9),
                "settings.proxy.num_layers: must be from 1 to 4,096, got 1000000000",
            ),
            (
                lambda header: header["settings"]["proxy"].update(num_layers=3),
                "other layers or heads than the proxy",
            ),
            (
                lambda header: header["task"].update(direction="sideways"),
                "task.direction: Invalid enum value 'sideways'",
            ),
            (lambda header: header["task"].update(chance=float("inf")), "JSON is malformed: invalid character"),
            (lambda header: next(iter(header["patterns"].values())).update(band=7), "has the band 7"),
            (
                lambda header: next(iter(header["patterns"].values())).update(pattern={}),
                "patterns[...].pattern: pattern: must have the key 'schema'",
            ),
            (
                lambda header: header["patterns"].update(zzz=next(iter(header["patterns"].values()))),
                "pattern zzz has the id",
            ),
            (lambda header: header.update(surprise=1), "'Object contains unknown field `surprise`'"),
            (lambda header: header.pop("schema") and None, "'Object missing required field `schema`'"),
            (lambda header: [3], "'Expected `object`, got `array`'"),
            (lambda header: "nas.table/1", "'Expected `object`, got `str`'"),
        ],
    )
    def test_of_the_first_line(self, path: Path, edit: Any, said: str) -> None:
        change(path, 1, edit)
        text = refusal(path)
        assert text.startswith(f"{path}:1: must be the first line of a table of schema nas.table/1, got ")
        assert said in text

    @pytest.mark.parametrize(
        ("edit", "said"),
        [
            (lambda row: row.update(pattern_id="0000"), "pattern_id '0000', which the first line does not contain"),
            (lambda row: row.update(pattern_id=["x"]), "pattern_id: Expected `str`, got `array`"),
            (lambda row: row.update(step=5), "step 5, which"),
            (lambda row: row.update(step=True), "step: Expected `int`, got `bool`"),
            (lambda row: row.update(seed=9), "seed 9, which"),
            (lambda row: row.update(learning_rate=0.5), "learning_rate 0.5, which"),
            (lambda row: row.update(quality="good"), "quality: Expected `float | null`, got `str`"),
            (lambda row: row.update(quality=float("nan")), "JSON is malformed: invalid character"),
            (lambda row: row.update(quality=None), "quality None does not go with the outcome finished"),
            (lambda row: row.update(outcome="fine"), "outcome: Invalid enum value 'fine'"),
            (lambda row: row.update(wall_seconds=float("inf")), "JSON is malformed: invalid character"),
            (lambda row: row.update(sweep="yes"), "sweep: Expected `bool`, got `str`"),
            (lambda row: row.update(surprise=1), "'Object contains unknown field `surprise`'"),
            (lambda row: row.pop("train_loss") and None, "'Object missing required field `train_loss`'"),
            (lambda row: [1], "'Expected `object`, got `array`'"),
            (lambda row: 3, "'Expected `object`, got `int`'"),
            (lambda row: {"session": 3}, "session: Expected `object`, got `int`"),
            (lambda row: {"session": {"date": "today"}}, "session: Object missing required field `machine`"),
        ],
    )
    def test_of_a_row(self, path: Path, edit: Any, said: str) -> None:
        change(path, 12, edit)
        text = refusal(path)
        assert text.startswith(f"{path}:12: must be a session or a row of the table, got ")
        assert said in text

    @pytest.mark.parametrize(
        ("schema", "remedy"),
        [
            ("nas.table/2", "A newer nas wrote it: upgrade nas."),
            ("nas.table/0", "Restore it, or make it again with this nas."),
            ("nas.front/1", "Restore it, or make it again with this nas."),
        ],
    )
    def test_another_version_says_what_to_do(self, path: Path, schema: str, remedy: str) -> None:
        """Whatever else a file of that version contains."""
        change(path, 1, lambda header: header.update(schema=schema, another=1))
        with pytest.raises(StudyError) as caught:
            read_table(path)
        assert str(caught.value) == f"{path}: schema: must be 'nas.table/1', got {schema!r}. {remedy}"

    def test_a_number_beyond_the_finite_ones(self, path: Path) -> None:
        texts = lines(path)
        texts[11] = re.sub(r'"wall_seconds": [\d.]+', '"wall_seconds": 1e999', texts[11])
        path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        assert refusal(path) == (
            f"{path}:12: must be a session or a row of the table, got 'wall_seconds: Number out of range'."
        )

    def test_a_row_twice(self, path: Path) -> None:
        path.write_text(path.read_text() + lines(path)[-1] + "\n")
        assert refusal(path).startswith(f"{path}:27: ") and "a row that occurs twice" in refusal(path)

    @pytest.mark.parametrize("content", [b"", b"no end", b"{\n", b"hello\n", b"\xff\xfe\n", b"[" * 100_000 + b"\n"])
    def test_something_else_altogether(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "x.jsonl").write_bytes(content)
        assert refusal(tmp_path / "x.jsonl").count("\n") == 0

    def test_a_file_that_would_fill_memory(self, tmp_path: Path) -> None:
        with (tmp_path / "x.jsonl").open("wb") as file:
            file.truncate(2**28 + 1)  # takes no room on the disk
        assert refusal(tmp_path / "x.jsonl").endswith("must be a table of at most 268,435,456 bytes, got 268435457.")

    def test_no_file(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "x.jsonl").endswith("must be a readable table, got 'No such file or directory'.")
        assert "Is a directory" in refusal(tmp_path)


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_table(path)
    return str(caught.value)


def test_reading_runs_and_imports_nothing_that_the_file_names(
    path: Path, in_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table may come from anyone; its space and data are only names."""
    (in_tmp_path / "evil.py").write_text("import pathlib; pathlib.Path('ran').touch()")

    def edit(header: dict[str, Any]) -> None:
        header["settings"]["space"] = {"attribute": "evil:Space", "options": {"_target_": "os.system"}}
        header["settings"]["task"] = {"name": "text", "path": "evil.py", "_target_": "os.system"}
        next(iter(header["patterns"].values()))["params"] = {"x": "${oc.env:HOME}", "__class__": "os"}

    change(path, 1, edit)
    summarize(read_table(path))
    assert "evil" not in sys.modules
    assert not (in_tmp_path / "ran").exists()


class TestWriting:
    """What a file is before a table is built into it."""

    def test_an_empty_file_is_filled(self, executor: FakeExecutor, tmp_path: Path) -> None:
        (tmp_path / "x.jsonl").touch()
        build_table(tiny_settings(), 2, RATES, tmp_path / "x.jsonl")
        assert len(read_table(tmp_path / "x.jsonl").rows) == 24

    def test_a_torn_first_line_is_begun_again(self, path: Path, executor: FakeExecutor, tmp_path: Path) -> None:
        torn = tmp_path / "torn.jsonl"
        torn.write_text(lines(path)[0][:500])
        build_table(tiny_settings(), 2, RATES, torn)
        assert lines(torn)[0] == lines(path)[0]

    def test_folders_are_made(self, executor: FakeExecutor, tmp_path: Path) -> None:
        build_table(tiny_settings(), 2, RATES, tmp_path / "a" / "b" / "x.jsonl")
        assert len(read_table(tmp_path / "a" / "b" / "x.jsonl").rows) == 24

    @pytest.mark.parametrize(
        "content",
        [b"dear diary", b"dear diary\nno table\n", b"{}\n", b"[1]\n", b'{"schema": "nas.front/1"}\n', b"\xff\n"],
    )
    def test_what_is_no_table_is_never_touched(self, executor: FakeExecutor, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "x.jsonl").write_bytes(content)
        with pytest.raises(InputError, match=r"x\.jsonl: must be a table of schema nas\.table/1, or not be there yet"):
            build_table(tiny_settings(), 2, RATES, tmp_path / "x.jsonl")
        assert (tmp_path / "x.jsonl").read_bytes() == content
        assert executor.done == []

    def test_damage_in_the_middle_stops_before_anything_is_trained(self, path: Path, executor: FakeExecutor) -> None:
        change(path, 12, lambda row: row.update(seed=9))
        num_done = len(executor.done)
        with pytest.raises(InputError, match=":12: "):
            build_table(tiny_settings(), 2, RATES, path)
        assert len(executor.done) == num_done

    def test_growing_changes_the_first_line_alone(self, path: Path, executor: FakeExecutor, tmp_path: Path) -> None:
        before = lines(path)
        build_table(tiny_settings(), 3, RATES, path)
        after = lines(path)
        assert after[1 : len(before)] == before[1:]
        assert json.loads(after[0]) == json.loads(before[0]) | {"seeds": [0, 1, 2]}
        assert [file.name for file in tmp_path.iterdir()] == [path.name]

    def test_a_crash_while_growing_leaves_the_old_table(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def crash(self: Path, target: Path) -> None:
            raise OSError(28, "No space left on device")

        before = path.read_bytes()
        monkeypatch.setattr(Path, "replace", crash)
        with pytest.raises(StudyError, match=r"cannot be written \(No space left on device\)\. Rows that were written"):
            build_table(tiny_settings(), 3, RATES, path)
        assert path.read_bytes() == before
        assert [file.name for file in path.parent.iterdir()] == [path.name]

    def test_two_writers_of_one_file(self, path: Path) -> None:
        header, session = read_table(path).header, this_session("cpu", 1)
        with TableWriter(path, header, session), pytest.raises(StudyError, match="is being built by another process"):
            TableWriter(path, header, session)
        with TableWriter(path, header, session):
            pass

    def test_secrets_among_the_settings_are_no_difference(self, path: Path) -> None:
        """Earlier releases wrote them down."""
        change(path, 1, lambda document: document["settings"]["space"].update(options={"api_key": "hunter2"}))
        settings = tiny_settings()
        settings.space = SpaceSettings(attribute=settings.space.attribute, options={"api_key": "other"})
        document = settings.to_document()
        header = replace(read_table(path).header, settings={key: document[key] for key in SETTINGS})
        with TableWriter(path, header, this_session("cpu", 1)):
            pass

    def test_a_file_that_is_replaced_while_another_process_waits_for_it(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is opened before it is replaced must not be written to: nobody would find the rows."""
        header, session = read_table(path).header, this_session("cpu", 1)
        flock = fcntl.flock

        def replaced_meanwhile(file: Any, operation: int) -> None:
            monkeypatch.setattr(fcntl, "flock", flock)
            write_text(path, path.read_text())
            flock(file, operation)

        monkeypatch.setattr(fcntl, "flock", replaced_meanwhile)
        row = replace(read_table(path).rows[0], seed=9)
        with TableWriter(path, header, session) as writer:
            writer.add(row)
        assert json.loads(lines(path)[-1])["seed"] == 9

    @pytest.mark.parametrize("size", [30, 2500])
    def test_a_disk_that_fills_up_is_named_and_keeps_the_rows(
        self, executor: FakeExecutor, path: Path, tmp_path: Path, size: int
    ) -> None:
        """In the first line, or in a row."""
        new = tmp_path / "new.jsonl"
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        try:
            with pytest.raises(StudyError, match=r"new\.jsonl: cannot be written \(File too large\)\. Rows that were"):
                build_table(tiny_settings(), 2, RATES, new)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert new.stat().st_size == size
        build_table(tiny_settings(), 2, RATES, new)
        assert len(read_table(new).rows) == len(read_table(path).rows)

    def test_a_new_file_and_its_folder_outlast_a_loss_of_power(self, path: Path, synced: list[str]) -> None:
        header, session = read_table(path).header, this_session("cpu", 1)
        with TableWriter(path.parent / "new" / "x.jsonl", header, session):
            assert synced == [path.parent.name, "x.jsonl", "new"]

    def test_a_closed_place_is_named(self, executor: FakeExecutor, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StudyError, match=r"x\.jsonl: cannot be written \((Not a directory|File exists)\)"):
            build_table(tiny_settings(), 2, RATES, tmp_path / "file" / "x.jsonl")
