"""`nas table`: what is built, what is shown, and what is refused in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from nas.config.load import load_settings
from nas.ground_truth import build as build_module
from nas.ground_truth.file import read_table
from tests.tiny_table import NUM_ROWS, FakeExecutor, pretend_table

SHIPPED = Path(__file__).parents[2] / "tables" / "tabular-text.jsonl"
TINY = [
    "task=recall",
    "task.num_tokens=16",
    "task.vocab_size=16",
    "task.num_pairs=2",
    "task.validation_sequences=16",
    "space=streaming",
    "space.options.num_sinks=[0,1]",
    "space.options.window_tokens=[2,4]",
    "proxy.num_layers=1",
    "proxy.num_heads=2",
    "proxy.d_model=8",
    "training.num_steps=8",
    "training.num_rungs=2",
    "device=cpu",
    "workers=1",
    "cohort_size=1",
]


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> FakeExecutor:
    fake = FakeExecutor()
    monkeypatch.setattr(build_module, "make_executor", lambda settings, setup, devices, folder: fake)
    return fake


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("table") / "tiny.jsonl"
    pretend_table(path)
    return path


class TestBuild:
    def test_a_line_a_row_and_how_to_go_on(self, nas, executor: FakeExecutor, in_tmp_path: Path) -> None:
        outcome = nas("table", "build", "tiny.jsonl", *TINY, "--learning-rates", "1e-3,1e-2")
        assert (outcome.code, outcome.err) == (0, "")
        first, *rows, last = outcome.out.splitlines()
        assert first == f"table tiny.jsonl: {NUM_ROWS} rows"
        assert len(rows) == NUM_ROWS and rows[0].startswith("[ 1/24] ")
        assert " seed 0 rate 0.001 step 4 (sweep)  " in rows[0] and "left" not in rows[-1]
        assert last == "tiny.jsonl is complete. Next: nas table show tiny.jsonl"
        table = read_table(Path("tiny.jsonl"))
        assert (len(table.rows), table.plan.learning_rates) == (NUM_ROWS, (1e-3, 1e-2))

    def test_options_may_stand_anywhere(self, nas, executor: FakeExecutor, in_tmp_path: Path) -> None:
        words = ["--seeds", "3", "build", TINY[0], "--learning-rates", "0.01"]
        assert nas("table", "build", "x.jsonl", *TINY, "--seeds", "1", "--learning-rates", "0.01").code == 0
        assert read_table(Path("x.jsonl")).plan.seeds == (0,)
        assert nas("table", *words[:3], "x.jsonl", *words[3:], *TINY[1:]).code == 0
        assert read_table(Path("x.jsonl")).plan.seeds == (0, 1, 2)

    def test_ctrl_c_says_how_to_go_on(
        self, nas, executor: FakeExecutor, in_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        measure, done = executor.measure, []

        def interrupted(member: Any, job: Any) -> Any:
            done.append(job)
            if len(done) == 6:
                raise KeyboardInterrupt
            return measure(member, job)

        executor.measure = interrupted
        outcome = nas("table", "build", "x.jsonl", *TINY, "--learning-rates", "1e-3,1e-2")
        assert outcome.code == 130
        assert outcome.err == (
            "nas: interrupted. Finished runs are kept in x.jsonl; the same command resumes from there.\n"
        )
        outcome = nas("table", "build", "x.jsonl", *TINY, "--learning-rates", "1e-3,1e-2")
        assert outcome.out.startswith("table x.jsonl: 24 rows, 5 already done\n")
        assert len(read_table(Path("x.jsonl")).rows) == NUM_ROWS

    def test_the_default_is_the_shipped_table(self) -> None:
        (settings,) = load_settings(["preset=table", "space=tabular"])
        plain = settings.to_document()
        assert plain["space"]["attribute"] == "search_spaces.tabular:Tabular"
        assert plain["training"]["num_steps"] == 16 * 240
        assert (plain["training"]["num_rungs"], plain["training"]["batch_size"]) == (5, 4)
        assert plain["training"]["test_lengths"] == []

    def test_the_preset_and_the_space_may_be_others(
        self, nas, in_tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[Any] = []
        monkeypatch.setattr(build_module, "build_table", lambda settings, *others: seen.append((settings, *others)))
        assert nas("table", "build", "x.jsonl").code == 0
        assert nas("table", "build", "x.jsonl", "preset=smoke", "space=local_global", "--seeds", "4").code == 0
        (first, *default), (second, *told) = seen
        assert (first.preset, first.space.attribute) == ("table", "search_spaces.tabular:Tabular")
        assert default[:3] == [2, (2e-3, 4e-3, 8e-3, 1.6e-2), Path("x.jsonl")]
        assert (second.preset, second.space.attribute) == ("smoke", "search_spaces.local_global:LocalGlobal")
        assert told[0] == 4


class TestShow:
    def test_a_table_half_way(self, nas, whole: Path, tmp_path: Path) -> None:
        lines = whole.read_text().splitlines(keepends=True)
        (tmp_path / "half.jsonl").write_text("".join(lines[:14]))
        outcome = nas("table", "show", str(tmp_path / "half.jsonl"))
        assert outcome.code == 0
        assert "Unfinished: 12 of 24 rows; 2 of 4 patterns have the last rung." in outcome.out

    def test_parts_and_totals(self, nas, whole: Path) -> None:
        outcome = nas("table", "show", str(whole))
        assert (outcome.code, outcome.err) == (0, "")
        for words in ("Rungs (quality in", "Density bands", "True front at 8 steps", "Spent: "):
            assert words in outcome.out
        assert "Unfinished" not in outcome.out

    def test_json(self, nas, whole: Path) -> None:
        outcome = nas("table", "show", str(whole), "--json")
        document = json.loads(outcome.out)
        assert (document["schema"], document["num_rows"]) == ("nas.table_summary/1", NUM_ROWS)
        assert [rung["rung"] for rung in document["rungs"]] == [4, 8]

    def test_picture(self, nas, whole: Path, tmp_path: Path) -> None:
        outcome = nas("table", "show", str(whole), "--picture", str(tmp_path / "x.png"))
        assert outcome.code == 0
        assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


WRONG: list[tuple[str, list[str]]] = [
    ("", ["ACTION, FILE", "nas table --help"]),
    ("build", ["FILE", "nas table --help"]),
    ("biuld x.jsonl", ["ACTION", "'biuld'", "build"]),
    ("build space=tabular", ["FILE", "nas table build FILE space=tabular"]),
    ("build ", ["FILE", "must be a path"]),
    ("build x.jsonl num_trials=3", ["num_trials", "must be left out", "space, task"]),
    ("build x.jsonl sampler=gp", ["sampler", "must be left out"]),
    ("build x.jsonl objectives=[quality,flops]", ["objectives", "must be left out"]),
    ("build x.jsonl constraints.flops_ratio=0.5", ["constraints.flops_ratio", "must be left out"]),
    ("build x.jsonl confirm_seeds=2", ["confirm_seeds", "must be left out"]),
    ("build x.jsonl extra_tasks=[recall]", ["extra_tasks", "must be left out"]),
    ("build x.jsonl task_quality=mean_rank", ["task_quality", "must be left out"]),
    ("build x.jsonl study=mine", ["study", "must be left out"]),
    ("build x.jsonl runs_folder=x", ["runs_folder", "must be left out"]),
    ("build x.jsonl tracking=none", ["tracking", "must be left out"]),
    ("build x.jsonl target=llama-3-8b-32k", ["target", "must be left out"]),
    ("build x.jsonl training.learning_rate=0.1", ["training.learning_rate", "--learning-rates"]),
    ("build x.jsonl trainig.num_steps=3", ["trainig", "'training.num_steps'"]),
    ("build x.jsonl training.num_step=3", ["training.num_step", "'training.num_steps'"]),
    ("build x.jsonl seed", ["'seed'", "seed=VALUE"]),
    ("build x.jsonl seed=0,1", ["seed", "one value"]),
    ("build x.jsonl space=tabula", ["space", "'tabular'"]),
    ("build x.jsonl training.num_steps=0", ["training.num_steps", "1 or more"]),
    ("build x.jsonl --seeds 0", ["--seeds", "from 1 to 1000"]),
    ("build x.jsonl --seeds two", ["--seeds", "'two'"]),
    ("build x.jsonl --learning-rates 1e-3,1e-3", ["--learning-rates", "different"]),
    ("build x.jsonl --learning-rates 0", ["--learning-rates", "above 0"]),
    ("build x.jsonl --learning-rates inf", ["--learning-rates", "above 0"]),
    ("build x.jsonl --learning-rates a,b", ["--learning-rates", "'a,b'"]),
    ("build x.jsonl --json", ["--json", "nas table show"]),
    ("build x.jsonl --picture x.png", ["--picture", "nas table show"]),
    ("build x.jsonl --config-dir nowhere", ["--config-dir", "'nowhere'"]),
    ("show nowhere.jsonl", ["nowhere.jsonl", "No such file"]),
    ("show TABLE seed=1", ["nas table show", "'seed=1'"]),
    ("show TABLE --seeds 2", ["--seeds", "nas table build"]),
    ("show TABLE --learning-rates 2", ["--learning-rates", "nas table build"]),
    ("show TABLE --picture x.jpg", ["--picture", ".png"]),
    ("show TABLE --picture TABLE/x.png", ["/x.png", "written"]),
    ("show TABLE --jsno", ["--jsno", "'--json'"]),
]


@pytest.mark.parametrize(("line", "said"), WRONG, ids=[line for line, _ in WRONG])
def test_one_line_says_what_is_wrong(
    nas, whole: Path, executor: FakeExecutor, in_tmp_path: Path, line: str, said: list[str]
) -> None:
    words = [word.replace("TABLE", str(whole)) for word in line.split(" ")] if line else []
    outcome = nas("table", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("nas: error: ") and outcome.err.count("\n") == 1
    assert [part for part in said if part not in outcome.err] == []
    assert (list(in_tmp_path.iterdir()), executor.done) == ([], [])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "without a complete line"),
        (b'{"schema": "nas.table/1", "rungs"', "without a complete line"),
        (b'{"schema": "nas.table/1"}\n', "x.jsonl:1: must be the first line of a table"),
        (b'{"schema": "nas.front/1"}\n', "x.jsonl: schema: must be 'nas.table/1', got 'nas.front/1'."),
        (b'{"schema": "nas.table/2"}\n', "x.jsonl: schema: must be 'nas.table/1', got 'nas.table/2'. A newer nas"),
        (b"dear diary\n", "x.jsonl:1: "),
    ],
)
def test_what_is_no_table_is_not_shown(nas, in_tmp_path: Path, content: bytes, said: str) -> None:
    Path("x.jsonl").write_bytes(content)
    outcome = nas("table", "show", "x.jsonl")
    assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1)
    assert said in outcome.err


def test_a_line_torn_in_the_middle_is_named(nas, whole: Path, in_tmp_path: Path) -> None:
    lines = whole.read_text().splitlines()
    lines[6] = lines[6][:40]
    Path("x.jsonl").write_text("\n".join(lines) + "\n")
    outcome = nas("table", "show", "x.jsonl")
    assert outcome.code == 2 and "x.jsonl:7: must be a session or a row of the table" in outcome.err


def test_another_tables_settings_are_refused(nas, whole: Path, executor: FakeExecutor) -> None:
    before = whole.read_bytes()
    outcome = nas("table", "build", str(whole), *TINY, "training.num_steps=16", "--learning-rates", "1e-3,1e-2")
    assert (outcome.code, outcome.out) == (2, "")
    assert "settings.training.num_steps: was 8, now 16" in outcome.err and outcome.err.count("\n") == 1
    assert (whole.read_bytes(), executor.done) == (before, [])
