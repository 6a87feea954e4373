"""Every stage runs on a CPU, tiny, with the libraries that a GPU machine has."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from gpu.catalog import GPU_BENCHMARKS

from tests.one_thread import one_thread as one_thread

ROOT = Path(__file__).parents[3]
MODULES = [stage.arguments[1] for stage in GPU_BENCHMARKS]
EXPECTED = {
    "versions": "| bfloat16, causal |",
    "one_step": "| rope, grid | tile, global |",
    "one_kernel": "| bfloat16 | 2 |",
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


@pytest.mark.parametrize("module", MODULES)
def test_without_a_gpu_a_stage_says_so(module: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        import_module(module.removeprefix("benchmarks.")).main([])
    assert ended.value.code == 2
    assert "torch finds no GPU here" in capsys.readouterr().err


@pytest.mark.slow
def test_stages_need_neither_optuna_nor_hydra_nor_wandb() -> None:
    blocked = "import sys; sys.modules.update(dict.fromkeys(('optuna', 'hydra', 'omegaconf', 'wandb')))"
    rooms = "loaded = {name.split('.')[1] for name in sys.modules if name.startswith('nas.')}; print(*loaded)"
    load = "; ".join(f"import {module}" for module in MODULES)
    done = subprocess.run(
        [sys.executable, "-c", f"{blocked}; {load}; {rooms}"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert not loaded & {"cli", "config", "search", "report", "tracking", "ground_truth", "export"}


def test_all_stages_together_stay_below_eight_minutes() -> None:
    assert sum(stage.limit_s for stage in GPU_BENCHMARKS) < 480
