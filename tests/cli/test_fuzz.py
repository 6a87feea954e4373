"""Thousands of damaged files and odd command lines: each is read, or refused in one line, and nothing else happens.

What a case must not do: raise, hang, write anywhere but where it was told to, or send bytes to a terminal that act on
it. A case that did is kept in fuzz_corpus.json, which every run repeats.
"""

import contextlib
import io
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree, rmtree
from unicodedata import category

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nas.cli.main import main
from nas.config.folder import choices, find_conf
from nas.config.keys import GROUPS, all_keys
from nas.results.lock import locked
from tests.edits import STRINGS, Edit, Put, edited, edits_of, parsed, places, value_at, values
from tests.fault_points import watching
from tests.serve.conftest import make_progress, write_progress
from tests.tiny_table import pretend_table

LIMIT_SECONDS = 20.0
"""Processor time for one case, of which the slowest take about one; what only waits meets the limit of the test."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A command line, and what was done to a file before.

    Args:
        words: after `nas`; paths are those of the world.
        file: its path in the world; empty for none.
        edits: of the file.
        why: what it once did, in the corpus.
    """

    words: tuple[str, ...]
    file: str = ""
    edits: tuple[Edit, ...] = ()
    why: str = ""


CORPUS = Path(__file__).with_name("fuzz_corpus.json")

TOY = "studies/toy"
SEARCH = ("search", "--cfg", "job")
COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    f"{TOY}/front.json": (
        ("show", TOY),
        ("show", TOY),
        ("show", TOY, "--json"),
        ("list", "studies"),
        ("draw", f"{TOY}#6"),
        ("cost", f"{TOY}#6", "--tokens", "64"),
        ("carry", f"{TOY}#6", "--to", "4096"),
        ("compare", TOY, "studies/other"),
    ),
    f"{TOY}/trials/00006/trial.json": (
        ("list", "studies"),
        ("draw", f"{TOY}#6"),
        ("cost", f"{TOY}#6", "--tokens", "64"),
        ("carry", f"{TOY}#6", "--to", "4096", "--from", "64"),
        ("export", TOY, "--trial", "6", "--format", "vllm", "--out", "out"),
    ),
    f"{TOY}/trials/00006/pattern.json": (
        ("draw", f"{TOY}/trials/00006/pattern.json"),
        ("cost", f"{TOY}/trials/00006/pattern.json", "--tokens", "64"),
        ("carry", f"{TOY}/trials/00006/pattern.json", "--from", "64", "--to", "512", "--out", "out/p.json"),
    ),
    f"{TOY}/config.yaml": (("compare", TOY, "studies/other"), ("list", "studies")),
    f"{TOY}/trials/00006/ask.json": (("report", TOY),),
    "studies/running/progress.json": (("list", "studies"), ("list", "studies", "--json")),
    "studies/running/trials/00006/trial.json": (("list", "studies"), ("list", "studies", "--json")),
    "bundle/bundle.json": (("verify", "bundle"),),
    "bundle/provenance.json": (("verify", "bundle"),),
    "bundle/pattern.json": (("verify", "bundle"),),
    "table.jsonl": (("table", "show", "table.jsonl"), ("table", "show", "table.jsonl", "--json")),
    "model/config.json": (("cost", "native", "--target", "model/config.json"),),
    "conf/task/mine.yaml": ((*SEARCH, "--config-dir", "conf", "task=mine"),),
    "conf/space/mine.yaml": ((*SEARCH, "--config-dir", "conf", "space=mine"),),
    "conf/preset/mine.yaml": ((*SEARCH, "--config-dir", "conf", "preset=mine"),),
    "conf/target/mine.yaml": (
        (*SEARCH, "--config-dir", "conf", "target=mine"),
        ("cost", "full", "--target", "conf/target/mine.yaml"),
    ),
}

REPORTED = (f"{TOY}/front.json", f"{TOY}/trials/00006/trial.json", f"{TOY}/config.yaml")
"""What `nas report` reads as well, which takes as long as fifty other commands."""

HOW_MANY: dict[str, int] = {
    f"{TOY}/front.json": 3000,
    f"{TOY}/trials/00006/trial.json": 1500,
    f"{TOY}/trials/00006/pattern.json": 2000,
    f"{TOY}/config.yaml": 100,
    f"{TOY}/trials/00006/ask.json": 50,
    "studies/running/progress.json": 500,
    "studies/running/trials/00006/trial.json": 300,
    "bundle/bundle.json": 500,
    "bundle/provenance.json": 900,
    "bundle/pattern.json": 300,
    "table.jsonl": 600,
    "model/config.json": 500,
    "conf/task/mine.yaml": 40,
    "conf/space/mine.yaml": 40,
    "conf/preset/mine.yaml": 40,
    "conf/target/mine.yaml": 60,
}
"""Cases for each file: more where there is more to get wrong, fewer where each takes long."""

OPTIONS = ("--layers", "--heads", "--grid", "--tokens", "--out", "--target", "--rule", "--from", "--to", "--json")


TASK = {"name": "recall", "num_tokens": 128, "vocab_size": 256, "num_pairs": 8, "gap_power": 0.01}
PRESET = {
    "preset": "mine",
    "num_trials": 4,
    "objectives": ["quality", "flops", "kv_cache_bytes"],
    "constraints": {"flops_ratio": 0.5},
    "task": {"validation_sequences": 64},
    "proxy": {"num_layers": 2, "num_heads": 4, "d_model": 32},
    "training": {"num_steps": 30, "num_rungs": 2, "warmup_steps": 5, "test_lengths": [2]},
    "fidelity": {"num_patterns": 2, "times": 2, "num_seeds": 1},
}
MODEL = {
    "model_type": "mistral",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "max_position_embeddings": 32768,
    "num_attention_heads": 32,
    "num_hidden_layers": 4,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "sliding_window": 4096,
    "vocab_size": 32000,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
}


@pytest.fixture(scope="module")
def world(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a file of every kind that `nas` reads, and a study that seems to be running."""
    root = tmp_path_factory.mktemp("world")
    for name in ("toy", "other", "running"):
        copytree(study, root / "studies" / name)
    running = root / "studies" / "running"
    (running / "front.json").unlink()
    write_progress(running, make_progress(study))
    pretend_table(root / "table.jsonl")
    for name, document in {
        "model/config.json": MODEL,
        "conf/task/mine.yaml": TASK,
        "conf/space/mine.yaml": {"attribute": "search_spaces.streaming:Streaming", "options": {"num_sinks": [0, 1]}},
        "conf/preset/mine.yaml": PRESET,
        "conf/target/mine.yaml": yaml.safe_load((find_conf() / "target/smollm2-135m-8k.yaml").read_text()),
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(("# @package _global_\n" if "preset" in name else "") + json.dumps(document))
    before = Path.cwd()
    os.chdir(root)
    assert main(["export", TOY, "--format", "transformers-config", "--out", "bundle"]) in (0, 2)
    if not Path("bundle").exists():
        assert main(["export", TOY, "--format", "pattern", "--out", "bundle"]) == 0
    with locked(running):
        yield root
    os.chdir(before)


def complaint(case: Case) -> str:
    """What a command did that it must not, in the world as it is; empty if nothing."""
    written: list[str] = []

    def note(what: str) -> None:
        if not (what.startswith("os.mkdir ") and Path("/", what.removeprefix("os.mkdir ")).is_dir()):
            written.append(what)

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), watching(Path("/"), note):
        signal.signal(signal.SIGPROF, _too_long)
        signal.setitimer(signal.ITIMER_PROF, LIMIT_SECONDS)
        try:
            code = main(case.words)
        except BaseException as error:
            return f"raised {type(error).__name__}: {error}"
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    text = err.getvalue()
    if code not in (0, 2):
        return f"exit code {code}"
    if code == 2 and not (text.startswith("nas: error: ") and text.count("\n") == 1 and text.endswith("\n")):
        return f"no single line: {text!r}"
    if code == 2 and out.getvalue():
        return f"a result before the error: {out.getvalue()[-200:]!r}"
    if len(text) > 4000:
        return f"a line of {len(text):,} characters"
    if unprintable := {each for each in text + ("" if "--json" in case.words else out.getvalue()) if _acts(each)}:
        return f"characters for the terminal: {sorted(unprintable)}"
    here = str(Path.cwd()).lstrip("/")
    elsewhere = [one for one in written if not one.partition(" ")[2].startswith((here, "dev/null"))]
    return f"wrote {elsewhere}" if elsewhere else ""


def _too_long(*_: object) -> None:
    raise TimeoutError(f"a case took more than {LIMIT_SECONDS} s of processor time")


def _acts(character: str) -> bool:
    return character != "\n" and category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _may_change(case: Case) -> tuple[str, ...]:
    """Beginnings of the paths that a case may change."""
    own = {"verify": ("bundle/verification.json",), "report": (f"{TOY}/report.html",)}
    return (*own.get(case.words[0], ()), *(("out",) if "--out" in case.words else ()))


LEASE = "studies/running/lease"
"""In which the driver of that study counts on."""


Stamp = tuple[int, int]
"""What tells whether a file was changed."""


def _stamp(stat: os.stat_result) -> Stamp:
    return stat.st_mtime_ns, stat.st_size


def _files(folder: str = "") -> dict[str, Stamp]:
    """Every path of the world; pathlib would take most of a case's time."""
    found: dict[str, Stamp] = {}
    with os.scandir(folder or ".") as entries:
        for entry in entries:
            path = entry.path if folder else entry.name
            if entry.is_dir():
                found[path] = (0, 0)
                found |= {} if path == LEASE else _files(path)
            else:
                found[path] = _stamp(entry.stat())
    return found


def _put(path: Path, content: bytes) -> None:
    """Write a file anew: some file systems wait for the disk where one that has content is emptied."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


_left: dict[Path, dict[str, Stamp]] = {}
"""The files of each world as the last case left them, since looking takes as long as many a command."""


def check(case: Case) -> None:
    """Run a case in the world, and put the world right again."""
    path = Path(case.file)
    before = path.read_bytes() if case.file else b""
    files = after = _left.pop(Path.cwd(), None) or _files()
    try:
        if case.file:
            _put(path, edited(before, path.suffix, case.edits))
            files = files | {case.file: _stamp(os.stat(case.file))}
        found = complaint(case)
        after = _files()
        changed = {name for name, _ in files.items() ^ after.items() if not name.startswith(_may_change(case))}
        found = found or (f"changed {sorted(changed)}" if changed else "")
    finally:
        rmtree("out", ignore_errors=True)
        Path(TOY, "report.html").unlink(missing_ok=True)
        if case.file:
            _put(path, before)
            after = after | {case.file: _stamp(os.stat(case.file))}
    _left[Path.cwd()] = {
        name: stamp for name, stamp in after.items() if not name.startswith(("out", f"{TOY}/report.html"))
    }
    assert not found, f"{found}\nFor {CORPUS.name}: {msgspec.json.encode(case).decode()}"


def edits_in(file: Path) -> st.SearchStrategy[tuple[Edit, ...]]:
    depths = (50, 500) if file.suffix == ".yaml" else (50, 2000, 100_000)  # YAML takes a second for a thousand
    return edits_of(parsed(file.read_bytes(), file.suffix), depths)


def fuzzed(number: int) -> settings:
    return settings(
        max_examples=number,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


@pytest.mark.parametrize("case", msgspec.json.decode(CORPUS.read_bytes(), type=list[Case]), ids=lambda case: case.why)
def test_what_once_did_harm(world: Path, case: Case) -> None:
    check(case)


@pytest.mark.slow
@pytest.mark.parametrize("file", HOW_MANY)
def test_a_damaged_file_is_read_or_refused_in_one_line(world: Path, file: str) -> None:
    changes = edits_in(Path(file))

    @fuzzed(HOW_MANY[file])
    @given(words=st.sampled_from(COMMANDS[file]), edits=changes)
    def each(words: tuple[str, ...], edits: tuple[Edit, ...]) -> None:
        check(Case(words=words, file=file, edits=edits))

    each()


@pytest.mark.slow
@pytest.mark.parametrize("file", REPORTED)
def test_the_report_of_a_damaged_study_is_written_or_refused(world: Path, file: str) -> None:
    changes = edits_in(Path(file))

    @fuzzed(50)
    @given(edits=changes)
    def each(edits: tuple[Edit, ...]) -> None:
        check(Case(words=("report", TOY), file=file, edits=edits))

    each()


def texts() -> st.SearchStrategy[str]:
    """Words that a shell can pass: any text without a zero byte."""
    return (st.sampled_from(STRINGS) | values() | st.text(max_size=8)).map(
        lambda text: text.replace("\0", "").encode(errors="replace").decode()
    )


@st.composite
def overrides(draw: st.DrawFn) -> str:
    """A setting, nearly a setting, or nothing of the kind."""
    group = draw(st.sampled_from(GROUPS))
    key = draw(st.sampled_from([*all_keys()]) | st.just(group))
    value = draw(
        texts() | st.sampled_from([*choices(group), "1,2", "[1,2]", "range(0,3)", "choice(1,2)", "{a: 1}", "glob(*)"])
    )
    form = draw(
        st.sampled_from(["{}={}"] * 8 + ["+{}={}", "~{}={}", "{}", "{}.x={}", "{}@a={}", "x.{}={}", "{}[0]={}"])
    )
    return form.format(key, value)


@pytest.mark.slow
def test_odd_settings_are_read_or_refused_in_one_line(world: Path) -> None:
    @fuzzed(400)
    @given(words=st.lists(overrides() | texts(), min_size=1, max_size=3), more=st.sampled_from([(), (), ("-m",)]))
    def each(words: list[str], more: tuple[str, ...]) -> None:
        words = [word for word in words if word not in ("-h", "--help")]
        check(Case(words=(*SEARCH, *more, *words)))

    each()


@pytest.mark.slow
def test_odd_arguments_are_read_or_refused_in_one_line(world: Path) -> None:
    """Of the commands that are quick, whatever they do."""
    verbs = st.sampled_from(["show", "list", "compare", "draw", "cost", "carry", "verify", "table", "x", ""])
    known = st.sampled_from([TOY, f"{TOY}#6", "bundle", "table.jsonl", "full", "longformer", "show", *OPTIONS])

    @fuzzed(600)
    @given(verb=verbs, words=st.lists(known | texts(), max_size=5))
    def each(verb: str, words: list[str]) -> None:
        check(Case(words=(verb, *words)))

    each()


@pytest.mark.parametrize("file", [file for file in COMMANDS if Path(file).suffix in (".json", ".jsonl")])
def test_no_text_of_a_file_acts_on_a_terminal(world: Path, file: str) -> None:
    """Every text of it, one of each kind, is replaced by one that clears the screen."""
    document = parsed(Path(file).read_bytes(), Path(file).suffix)
    kinds = {
        tuple("" if isinstance(key, int) else key for key in place): place
        for place in places(document)
        if isinstance(value_at(document, place), str) and place[-1:] != ("schema",)
    }
    for place in kinds.values():
        for words in dict.fromkeys(COMMANDS[file]):
            check(Case(words=words, file=file, edits=(Put(place, json.dumps("x\x1b[2J")),)))
