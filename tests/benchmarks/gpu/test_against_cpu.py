"""Scores of a CPU are made beforehand, and are those of this task."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gpu import against_cpu
from gpu.against_cpu import CpuScores, compare, main, on_a_cpu
from gpu.place import Place

from tests.one_thread import one_thread as one_thread

TINY = Place(torch.device("cpu"), small=True)


def test_without_them_it_says_how_to_make_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(against_cpu, "PREPARED", tmp_path / "cpu_scores.json")
    main(["--device", "cpu"])
    assert capsys.readouterr().out == "Not run: there is no cpu_scores.json. Make it on a CPU with --prepare.\n"
    main(["--device", "cpu", "--small", "--prepare"])
    assert (tmp_path / "cpu_scores.json").exists()


def test_those_of_another_task_are_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    cpu = on_a_cpu(small=True)
    compare(replace(cpu, task="another"), TINY)
    assert capsys.readouterr().out.startswith("The task has changed")
    compare(CpuScores(task=cpu.task, torch=cpu.torch, scores=[cpu.scores[0], cpu.scores[0]]), TINY)
    assert "between seeds 0.0000" in capsys.readouterr().out
