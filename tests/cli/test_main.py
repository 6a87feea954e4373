import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from nas.cli import main as main_module
from nas.cli.main import VERBS, help_text, main
from nas.cli.verb import Verb


def test_help_names_every_verb(nas) -> None:
    outcome = nas("--help")
    assert outcome.code == 0
    assert all(f"  {name}" in outcome.out for name in VERBS)
    assert nas().out == outcome.out == help_text()


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_helps_with_examples(nas, verb: str) -> None:
    outcome = nas(verb, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"usage: nas {verb}")
    assert f"examples:\n  nas {verb}" in outcome.out


def test_version(nas) -> None:
    assert nas("--version").out.startswith("nas 0.")


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from nas.cli.main import main; main(['--help']); "
        "heavy = {'torch', 'lightning', 'optuna', 'wandb', 'hydra', 'matplotlib', 'rich', 'numpy'} & set(sys.modules); "
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def stand_in(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def act(args: object) -> int:
        raise error

    replace_show(monkeypatch, act)


def replace_show(monkeypatch: pytest.MonkeyPatch, act: Callable[[object], int]) -> None:
    verb = Verb(name="show", summary="", add_arguments=lambda parser: None, act=act, examples=(("", ""),))
    monkeypatch.setitem(main_module.VERBS, "show", verb)


def test_ctrl_c_is_no_traceback(nas, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, KeyboardInterrupt())
    outcome = nas("show")
    assert (outcome.code, outcome.err) == (130, "nas: interrupted.\n")


def test_ctrl_c_inside_a_finaliser_is_not_lost(nas, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python discards exceptions; while torch and Lightning are imported, that is often."""

    class Finalised:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)

    def act(args: object) -> int:
        finalised = Finalised()
        del finalised
        Event().wait(60)
        return 0

    replace_show(monkeypatch, act)
    outcome = nas("show")
    assert (outcome.code, outcome.err) == (130, "nas: interrupted.\n")


def test_what_the_system_refuses_is_named(nas, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, PermissionError(13, "Permission denied", "runs/locked"))
    outcome = nas("show")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "nas: error: runs/locked: must be accessible to this user, got 'Permission denied'.\n"


def test_memory_that_is_used_up_is_no_traceback(nas, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, MemoryError("Unable to allocate 32.0 GiB"))
    outcome = nas("show")
    assert outcome.code == 2
    assert outcome.err.startswith("nas: error: show: must fit into this machine's memory") and "32.0 GiB" in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_defect_of_the_program_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, ZeroDivisionError("a defect"))
    with pytest.raises(ZeroDivisionError):
        main(["show"])


def test_a_reader_that_goes_away_is_no_error(study: Path) -> None:
    """What `nas show X | head -0` does."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    program = [sys.executable, "-m", "nas.cli.main", "show", str(study), "--json"]
    with os.fdopen(write_end, "wb") as stdout:
        done = subprocess.run(program, stdout=stdout, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (0, "")
