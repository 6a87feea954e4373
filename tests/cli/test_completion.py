"""Completion in real shells: what is offered, and that nothing of a stranger's is run."""

import os
import pty
import select
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from nas.cli.completion import SHELLS, completion_script
from nas.cli.main import VERBS
from nas.space.baselines import BASELINES


@pytest.fixture(scope="session")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The file that each shell reads."""
    folder = tmp_path_factory.mktemp("scripts")
    for shell in SHELLS:
        (folder / shell).write_text(completion_script(VERBS, shell))
    return {shell: folder / shell for shell in SHELLS}


@pytest.fixture
def runs(in_tmp_path: Path) -> Path:
    for name in ("quick", "quiet"):
        (in_tmp_path / "runs" / name).mkdir(parents=True)
        (in_tmp_path / "runs" / name / "config.yaml").touch()
    return in_tmp_path / "runs"


def offered(script: Path, *words: str) -> list[str]:
    """What bash offers for the last word."""
    program = f'source {script}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nas; printf "%s\\n" "${{COMPREPLY[@]}}"'
    command = ["bash", "--norc", "--noprofile", "-c", program, "bash", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_every_command_is_offered(scripts: dict[str, Path]) -> None:
    assert set(offered(scripts["bash"], "nas", "")) >= set(VERBS)
    assert offered(scripts["bash"], "nas", "sho") == ["show"]


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_option_of_a_command_is_offered(scripts: dict[str, Path], verb: str) -> None:
    options = set(offered(scripts["bash"], "nas", verb, "-"))
    helped = {word.strip(",") for word in VERBS[verb].help_text().split() if word.startswith("--")}
    assert options >= {word for word in helped if word.isascii() and f"  {word}" in VERBS[verb].help_text()}


def test_studies_are_offered_by_name(scripts: dict[str, Path], runs: Path) -> None:
    assert offered(scripts["bash"], "nas", "show", "q") == ["quick", "quiet"]
    assert offered(scripts["bash"], "nas", "compare", "quick", "qui") == ["quick", "quiet"]
    assert offered(scripts["bash"], "nas", "show", "run") == ["runs"]


def test_names_that_a_shell_would_run_are_not_offered(scripts: dict[str, Path], runs: Path) -> None:
    for name in ("q$(touch gone)", "q`touch gone`", "q;touch gone", "q u"):
        (runs / name).mkdir()
        (runs / name / "config.yaml").touch()
    assert offered(scripts["bash"], "nas", "show", "q") == ["quick", "quiet"]
    assert offered(scripts["bash"], "nas", "cost", "q") == ["quick#", "quiet#"]
    assert not (runs.parent / "gone").exists()


def test_patterns_are_baselines_trials_and_files(scripts: dict[str, Path], runs: Path) -> None:
    (runs.parent / "pattern.json").touch()
    assert set(offered(scripts["bash"], "nas", "draw", "")) >= {*BASELINES, "quick#", "pattern.json"}
    assert offered(scripts["bash"], "nas", "cost", "longf") == ["longformer"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("search", "pres"), "preset=quick"),
        (("search", "preset", "=", "smo"), "smoke"),
        (("search", "preset", "=", ""), "quick"),
        (("search", "seed"), "seed="),
        (("search", "preset", "=", "smoke", "sampler", "=", "tp"), "tpe"),
        (("search", "preset=smoke", "training.num_st"), "training.num_steps="),
        (("export", "quick", "--format", "fl"), "flex"),
        (("export", "quick", "--best", "kn"), "knee"),
        (("cost", "full", "--target", "llama"), "llama-3.1-8b-32k"),
        (("table", "sh"), "show"),
        (("completion", "z"), "zsh"),
    ],
)
def test_settings_and_values_are_offered(scripts: dict[str, Path], words: tuple[str, ...], expected: str) -> None:
    assert expected in offered(scripts["bash"], "nas", *words)


STARTS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source {script}"),
    "zsh": (["zsh", "-f", "-i"], "cp {script} _nas && fpath+=$PWD && autoload -Uz compinit && compinit -u -D"),
    "fish": (["fish", "--no-config", "-i"], "source {script}"),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "completed"),
    [("nas sho", "nas show "), ("nas show quic", "nas show quick"), ("nas search preset=smo", "preset=smoke")],
)
@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_completes_at_a_real_prompt(
    scripts: dict[str, Path], runs: Path, shell: str, typed: str, completed: str
) -> None:
    command, load = STARTS[shell]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{shell} is not installed")
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(TERM="dumb", PS1="> ", HOME=str(runs.parent))
        os.execvp(command[0], command)
    try:
        os.write(terminal, f"{load.format(script=scripts[shell])}; echo re''ady\n".encode())
        read_until(terminal, "ready")
        os.write(terminal, f"{typed}\t".encode())
        read_until(terminal, completed)
    finally:
        os.kill(process, 9)
        os.waitpid(process, 0)
        os.close(terminal)


def read_until(terminal: int, wanted: str) -> None:
    seen, give_up = "", time.monotonic() + 60
    while wanted not in seen:
        left = give_up - time.monotonic()
        assert left > 0 and select.select([terminal], [], [], left)[0], seen
        seen += os.read(terminal, 4096).decode("utf-8", "replace")


@pytest.mark.parametrize("shell", SHELLS)
def test_the_command_prints_the_script(nas, scripts: dict[str, Path], shell: str) -> None:
    outcome = nas("completion", shell)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == scripts[shell].read_text()


def test_an_unknown_shell_is_one_line(nas) -> None:
    outcome = nas("completion", "csh")
    assert outcome.code == 2 and outcome.err.count("\n") == 1 and "bash" in outcome.err
