"""What the pages show is run: every command and every snippet, but for those named here with their reason.

The tutorial runs as it stands. Elsewhere searches are made as small as they can be, by settings that are added to the
command; whatever else a page says is run in its order, in a folder that holds what the page speaks of.
"""

import doctest
import importlib
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
import torch

from nas.cli.main import VERBS, main
from nas.config.load import load_settings
from tests.docs.fences import PAGES, ROOT, Fence, fences
from tests.tiny_models import save_tiny_model, written_text

HOURS = "hours"
GPU = "a GPU"
NETWORK = "a network, or a secret"
INSTALLS = "makes or changes the environment that the tests run in"

NOT_RUN = {
    r"make setup|\. \.venv/bin/activate|pip install": INSTALLS,
    r"make bench-gpu|nas search preset=gpu (study|workers)=": GPU,
    r"export NAS_STORAGE|^optuna-dashboard": "a database server; tests/search/storage/test_postgres.py has one",
    r"export WANDB_API_KEY|tracking=online|--mode online|wandb sync|checkpoint=Qwen/|nas wandb-workspace": NETWORK,
    r"python benchmarks/|nas table build|nas table show tables/mine": HOURS,
    r"nas (serve|dashboard)": "it runs until it is stopped; tests/serve has it",
    r"nas export STUDY|nas verify DIR": "a synopsis",
}
"""Commands by a regular expression, and what they need that is not here."""

ELSEWHERE = {
    ("command-line.md", "console"): "tests/cli/test_documentation.py",
    ("costs.md", "pycon"): "tests/costs/test_documentation.py",
    ("export.md", "python"): "tests/export/test_docs.py",
    ("gallery.md", "sh"): "tests/cli/test_gallery.py",
    ("patterns.md", "json"): "tests/patterns/test_docs.py",
    ("patterns.md", "python"): "tests/patterns/test_docs.py",
    ("python.md", "python"): "tests/test_python_page.py",
    ("python-reference.md", "python"): "tests/docs/test_python_reference.py",
    ("targets.md", "pycon"): "tests/config/test_targets_documentation.py",
    ("tasks.md", "python"): "tests/tasks/test_docs.py",
}
"""Blocks that a test of their own runs or compares."""

TUTORIAL = "tutorial.md"
SMALLER = "workers=1 device=cpu num_trials=1 training.num_steps=4 training.num_rungs=1 task.validation_sequences=4"
SCRATCH = "confirm_seeds=0 fidelity.num_patterns=0 training.warmup_steps=1 training.test_lengths=[]"
CHECKPOINT = "evaluation.needle_sequences=1 task.num_tokens=64"


def is_elsewhere(fence: Fence) -> bool:
    return (fence.page, fence.language) in ELSEWHERE


def reason_not_to_run(command: str) -> str | None:
    return next((reason for what, reason in NOT_RUN.items() if re.search(what, command)), None)


def words_of(command: str) -> list[str]:
    """Without the comment behind it; the # of STUDY#TRIAL begins none."""
    return shlex.split(command.split("  #")[0])


def is_shown_only(fence: Fence) -> bool:
    """Output and grammars, which are in no language."""
    return not fence.language and not fence.commands


SHOWN = {page: blocks for page in PAGES if (blocks := [one for one in fences(page) if not is_shown_only(one)])}
RUN = [
    page
    for page, blocks in SHOWN.items()
    if page.name != TUTORIAL
    and any(
        not is_elsewhere(one) and (not one.commands or not all(map(reason_not_to_run, one.commands))) for one in blocks
    )
]


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the tutorial was followed to its end."""
    folder = tmp_path_factory.mktemp("tutorial")
    with Reader(folder) as reader:
        for fence in SHOWN[ROOT / "docs" / TUTORIAL]:
            reader.follow(fence)
    return folder


@pytest.fixture(scope="module")
def material(tutorial: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the pages speak of: notes, a model with its text, and studies that have ended."""
    folder = tmp_path_factory.mktemp("material")
    for name in ("first", "mine"):
        shutil.copytree(tutorial / "runs" / "first", folder / "runs" / name)
    (folder / "notes").mkdir()
    for page in PAGES[:8]:
        shutil.copy(page, folder / "notes")
    pytest.importorskip("transformers", reason="transformers is not installed; pip install '.[dev]'")
    save_tiny_model(folder / "my-model")
    written_text(folder).rename(folder / "my-text")
    return folder


class Reader:
    """Follows a page in a folder: writes its files, types its commands, runs its snippets in one namespace."""

    def __init__(self, folder: Path, smaller: bool = False) -> None:
        self._names: dict[str, object] = {}
        self._smaller = smaller
        self._searches = 0
        self._patch = pytest.MonkeyPatch()
        self._patch.chdir(folder)
        self._patch.syspath_prepend(folder)
        self._known = set(sys.modules)

    def __enter__(self) -> "Reader":
        importlib.invalidate_caches()
        return self

    def __exit__(self, *_: object) -> None:
        folder = Path.cwd()
        for name in set(sys.modules) - self._known:
            if str(getattr(sys.modules[name], "__file__", None) or "").startswith((str(folder), "chosen")):
                del sys.modules[name]
        self._patch.undo()

    def follow(self, fence: Fence) -> None:
        where = f"docs/{fence.page}:{fence.line}"
        if fence.file:
            Path(fence.file).parent.mkdir(parents=True, exist_ok=True)
            Path(fence.file).write_text(fence.text, encoding="utf-8")
            importlib.invalidate_caches()
        for command in fence.commands:
            if not reason_not_to_run(command):
                self._type(command, where)
        if fence.language == "python":
            exec(compile("\n" * fence.line + fence.text, where, "exec"), self._names)
        elif fence.language == "pycon":
            session = doctest.DocTestParser().get_doctest(fence.text, {}, where, where, fence.line)
            assert doctest.DocTestRunner().run(session).failed == 0, where

    def _type(self, command: str, where: str) -> None:
        program, *words = words_of(command)
        assert program == "nas", f"{where}: {command}: only commands of nas are run; name others in NOT_RUN"
        if words[0] == "search" and self._smaller and "--cfg" not in words:
            self._searches += 1
            words += smaller(words, study=f"search-{self._searches}")
        assert main(words) == 0, f"{where}: {command}"
        torch.set_num_threads(1)  # a study leaves it with all cores, where small steps mostly wait for threads


def smaller(words: list[str], study: str) -> list[str]:
    """Settings that make a search small, and those that it needs where the command leaves them open."""
    checkpoint = any(word.startswith("evaluation=checkpoint") for word in words)
    missing = {"study": study, "tracking": "none"} | ({"task.path": "./my-text"} if checkpoint else {"preset": "smoke"})
    said = {word.partition("=")[0] for word in words}
    added = [f"{key}={value}" for key, value in missing.items() if key not in said]
    return [*added, *SMALLER.split(), *(CHECKPOINT if checkpoint else SCRATCH).split()]


@pytest.mark.slow
def test_the_tutorial_ends_with_a_pattern_that_runs(tutorial: Path) -> None:
    assert (tutorial / "runs" / "first" / "front.json").is_file()
    assert (tutorial / "longformer.png").read_bytes().startswith(b"\x89PNG")
    assert (tutorial / "chosen" / "verification.json").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(ROOT / "docs")))
def test_a_page_runs_as_it_reads(page: Path, material: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(material, tmp_path / "place")
    with Reader(folder, smaller=True) as reader:
        for fence in SHOWN[page]:
            if not is_elsewhere(fence):
                reader.follow(fence)


@pytest.fixture
def with_material(material: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(material)
    monkeypatch.setenv("WANDB_API_KEY", "of no account")


NAS_NOT_RUN = [
    (f"docs/{one.page}:{one.line}", command)
    for blocks in SHOWN.values()
    for one in blocks
    for command in one.commands
    if command.startswith("nas ") and reason_not_to_run(command) not in (None, "a synopsis")
]


@pytest.mark.slow
@pytest.mark.parametrize(("where", "command"), NAS_NOT_RUN)
def test_a_command_that_is_not_run_is_understood(where: str, command: str, with_material: None) -> None:
    _, verb, *words = words_of(command)
    if verb == "search":
        assert load_settings(words), where
    else:
        assert VERBS[verb]._parser().parse_intermixed_args(words), where


def test_every_block_is_of_a_kind_that_is_run() -> None:
    for blocks in SHOWN.values():
        for one in blocks:
            known = is_elsewhere(one) or one.commands or one.file or one.language in ("python", "pycon")
            assert known, f"docs/{one.page}:{one.line}: how is a block in {one.language!r} checked?"


def test_no_exception_is_left_over() -> None:
    commands = [command for blocks in SHOWN.values() for one in blocks for command in one.commands]
    for what in NOT_RUN:
        assert any(re.search(what, command) for command in commands), what
    shown = {(one.page, one.language) for blocks in SHOWN.values() for one in blocks}
    assert set(ELSEWHERE) <= shown


@pytest.mark.parametrize(("page", "test"), sorted({(page, test) for (page, _), test in ELSEWHERE.items()}))
def test_the_other_test_reads_the_page(page: str, test: str) -> None:
    assert page in (ROOT / test).read_text(encoding="utf-8")
