"""Every stage runs on a CPU, tiny, with the libraries that a GPU machine has."""

import ast
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from gpu import NEEDED, one_step
from gpu.catalog import GPU_BENCHMARKS
from gpu.marked_tests import OPTIONS, marked_files

from tests.one_thread import one_thread as one_thread

ROOT = Path(__file__).parents[3]
MODULES = [stage.arguments[1] for stage in GPU_BENCHMARKS]
EXPECTED = {
    "versions": "| bfloat16, causal |",
    "one_step": "| rope, grid | tile, global |",
    "one_kernel": "| float32 | 2 |",
    "marked_tests": "test_backend.py",
    "cohorts": "| tiny | 2 |",
    "lengths": "| window 64, stride 32 | masked |",
    "against_cpu": "Kendall's tau",
    "memory_limit": "| 4, 2, 2 | finished | 0 |",
    "checkpoint": "| lora | local_global |",
    "two_workers": "| 2 | 2 |",
    "allocated": "| tiny | random 3 |",
}
"""What the last row of each begins with, or says."""


STARTS_PROCESSES = ("marked_tests", "two_workers")


def slow_if_it_starts_processes(module: str) -> object:
    return pytest.param(module, marks=[pytest.mark.slow] if module.endswith(STARTS_PROCESSES) else [])


@pytest.mark.parametrize("module", [slow_if_it_starts_processes(module) for module in MODULES])
def test_a_stage_runs_on_a_cpu(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    import_module(module.removeprefix("benchmarks.")).main(["--device", "cpu", "--small"])
    assert EXPECTED[module.rpartition(".")[2]] in capsys.readouterr().out


def test_a_part_that_fails_hides_no_other(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As a kernel does that asks for more shared memory than the GPU has."""
    whole = one_step.gradients

    def gradients(cohort: one_step.Cohort, *rest: Any) -> one_step.Gradients:
        if cohort.name == "relative":
            raise RuntimeError("out of resource: shared memory\n| Required: 1")
        return whole(cohort, *rest)

    monkeypatch.setattr(one_step, "gradients", gradients)
    with pytest.raises(SystemExit) as ended:
        one_step.main(["--device", "cpu", "--small"])
    shown = capsys.readouterr().out
    assert "failed: RuntimeError: out of resource: shared memory / Required: 1 |" in shown
    assert "| learned | select |" in shown and "| rope, grid | tile, global |" in shown
    assert str(ended.value.code).startswith("relative ")


@pytest.mark.parametrize("module", MODULES)
def test_without_a_gpu_a_stage_says_so(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        import_module(module.removeprefix("benchmarks.")).main([])
    assert ended.value.code == 2
    assert "torch finds no GPU here" in capsys.readouterr().err


BLOCKED = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("optuna", "hydra", "omegaconf", "wandb"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
"""


def without_them(*statements: str) -> str:
    """What a process prints in which some libraries cannot be imported, nor plugins of pytest that come with them."""
    words = [sys.executable, "-c", "\n".join([BLOCKED, *statements])]
    alone = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, env=alone)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_stages_need_neither_optuna_nor_hydra_nor_wandb_and_what_they_need_is_said() -> None:
    ours = "{one.__file__ for name, one in sys.modules.items() if name.startswith(('nas.', 'benchmarks.gpu.'))}"
    loaded = without_them(*(f"import {module}" for module in MODULES), f"print(*{ours}, sep=chr(10))").splitlines()
    rooms = {Path(file).relative_to(ROOT).parts[1] for file in loaded}
    assert not rooms & {"cli", "config", "search", "report", "tracking", "ground_truth", "export"}
    imported = set().union(*(imports_of(Path(file)) for file in loaded))
    assert imported - sys.stdlib_module_names - {"nas"} == set(NEEDED)


def imports_of(file: Path) -> set[str]:
    """The packages that a file imports whenever it is loaded, outside of its functions."""
    found = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(str(node.module).partition(".")[0])
    return found


@pytest.mark.slow
def test_marked_tests_are_collected_without_them() -> None:
    files = [str(file) for file in marked_files()]
    words = ["--collect-only", "-q", *OPTIONS, *files]
    shown = without_them("import pytest", f"sys.exit(pytest.main({words}))")
    assert all(f"{Path(file).name}::" in shown for file in files)


def test_all_stages_together_stay_below_eight_minutes() -> None:
    assert sum(stage.limit_s for stage in GPU_BENCHMARKS) < 480
