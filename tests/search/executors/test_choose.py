"""The choice of an executor: a process per device, and none for a single one."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas.errors import InputError
from nas.proxy.settings import TrainingSettings
from nas.search.executor_settings import RaySettings
from nas.search.executors import choose, processes, trainer
from nas.search.executors.choose import make_executor, make_setup
from nas.search.problem.problem import make_problem
from nas.search.settings import StudySettings
from nas.tasks.synthetic.copying import CopyingSettings
from nas.tasks.synthetic.recall import RecallSettings

SETTINGS = StudySettings(task=RecallSettings(), extra_tasks=[CopyingSettings()])


@pytest.mark.parametrize(
    ("devices", "kind", "num_threads"),
    [(["cpu"], "InlineExecutor", 6), (["cpu"] * 4, "ProcessExecutor", 1), (["cpu"] * 9, "ProcessExecutor", 1)],
)
def test_a_single_device_needs_no_process_and_workers_share_the_cores(
    devices: list[str], kind: str, num_threads: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made: list[tuple[Any, ...]] = []
    monkeypatch.setattr(choose, "num_cores", lambda: 6)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(trainer.Trainer, "__init__", lambda self, *how: made.append(how))
    monkeypatch.setattr(processes.ProcessExecutor, "__init__", lambda self, *how: made.append(how))
    assert (
        type(make_executor(SETTINGS, make_setup(SETTINGS, make_problem(SETTINGS)), devices, tmp_path)).__name__ == kind
    )
    [(setup, used, threads, *patience)] = made
    assert (used, threads) == (devices[0] if len(devices) == 1 else devices, num_threads)
    assert patience == ([] if len(devices) == 1 else [3600.0])
    assert list(setup.tasks) == ["recall", "copying"]


def test_without_ray_one_line_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("ray_executor", "ray_cluster"):
        monkeypatch.delitem(sys.modules, f"nas.search.executors.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    settings = replace(SETTINGS, executor=RaySettings(), workers=1)
    setup = make_setup(settings, make_problem(settings))
    with pytest.raises(InputError, match=r"^executor: must be local where Ray is not installed, got 'ray'\. pip"):
        make_executor(settings, setup, ["cpu"], tmp_path)


def test_longer_sequences_are_scored_at_the_last_rung_unless_they_are_an_objective() -> None:
    training = TrainingSettings(num_steps=400, num_rungs=3, test_lengths=[2])
    for objectives, first in [(["quality", "flops"], 400), (["quality", "quality_2x", "flops"], 0)]:
        settings = StudySettings(training=training, objectives=objectives)
        assert make_setup(settings, make_problem(settings)).longer_from == settings.longer_from == first
