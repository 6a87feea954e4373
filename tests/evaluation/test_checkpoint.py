"""Measuring inside a checkpoint: nothing is left behind in it, and a kill costs nothing but time."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import torch

from nas.errors import PatternError
from nas.evaluation import checkpoint, progress_throttle, trunk_files
from nas.evaluation.checkpoint import CheckpointEvaluator
from nas.evaluation.progress_throttle import OnProgress
from nas.evaluation.settings import CheckpointSettings, Weights
from nas.patterns.model import ModelPattern
from nas.pretrained.checkpoint_tasks import CheckpointTextTask, checkpoint_tasks
from nas.pretrained.decoder import Decoder
from nas.pretrained.scoring import Scored, score_task
from nas.proxy.member import Member
from nas.proxy.settings import TrainingSettings
from nas.results.codec import from_document, to_document
from nas.results.measurement import Measurement, Outcome
from nas.space import systems
from nas.space.space import Shape
from nas.tasks.language.text import TextSettings
from nas.tasks.task import Task
from tests.timeless import timeless
from tests.tiny_models import save_tiny_model, written_text

SHAPE = Shape(num_layers=2, num_heads=4, num_tokens=32, causal=True)
FULL, STREAMING = systems.full(SHAPE), systems.streaming(SHAPE)
TRAINING = TrainingSettings(num_steps=8, num_rungs=2, batch_size=4, warmup_steps=1, test_lengths=[2])


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> Decoder:
    return Decoder.load(str(save_tiny_model(tmp_path_factory.mktemp("model"))))


@pytest.fixture(scope="module")
def tasks(decoder: Decoder, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Task]:
    path = str(written_text(tmp_path_factory.mktemp("text")))
    settings = TextSettings(path=path, num_tokens=32, validation_share=0.2, validation_sequences=8)
    return checkpoint_tasks(decoder, settings, (0.0, 1.0), 2)


def measure(
    decoder: Decoder,
    task: Task,
    *patterns: ModelPattern,
    weights: Weights = "frozen",
    rung: int = 1,
    folders: Sequence[Path] | None = None,
    on_progress: OnProgress | None = None,
    learning_rate: float = 1e-2,
) -> tuple[Measurement, ...]:
    evaluator = CheckpointEvaluator(decoder, task, CheckpointSettings(weights=weights), TRAINING, data_seed=3)
    members = [Member(pattern=pattern, seed=5, learning_rate=learning_rate) for pattern in patterns]
    return tuple(timeless(evaluator.evaluate(members, rung, folders, on_progress)))


def test_a_pattern_is_scored_on_the_text_and_beyond_its_length(decoder: Decoder, tasks: dict[str, Task]) -> None:
    full, streaming = measure(decoder, tasks["text"], FULL, STREAMING)
    assert (full.outcome, full.step, full.train_loss) == (Outcome.FINISHED, 1, None)
    assert full.quality != streaming.quality
    assert [(one.times, one.num_tokens) for one in full.longer] == [(2, 64)]
    assert measure(decoder, tasks["text"], FULL) == (full,)


def test_a_probe_is_told_by_depth(decoder: Decoder, tasks: dict[str, Task]) -> None:
    (measured,) = measure(decoder, tasks["needle"], STREAMING)
    assert [part.name for part in measured.parts] == ["depth_0", "depth_100"]
    assert measured.quality == sum(part.quality for part in measured.parts) / 2
    assert from_document(to_document(measured), Measurement) == measured


def test_a_pattern_of_another_model_is_refused(decoder: Decoder, tasks: dict[str, Task]) -> None:
    with pytest.raises(PatternError, match=r"^layers: must count 2"):
        measure(decoder, tasks["text"], FULL, systems.full(replace(SHAPE, num_layers=3)))


def test_full_memory_is_an_outcome(decoder: Decoder, tasks: dict[str, Task], monkeypatch: pytest.MonkeyPatch) -> None:
    def full_memory(*_: object, **__: object) -> Scored:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(checkpoint, "score_task", full_memory)
    (measured,) = measure(decoder, tasks["text"], FULL)
    assert (measured.outcome, measured.quality) == (Outcome.OUT_OF_MEMORY, None)


@pytest.mark.parametrize("fits", [2, 1])
def test_scoring_halves_its_batch_until_it_fits(
    decoder: Decoder, tasks: dict[str, Task], monkeypatch: pytest.MonkeyPatch, fits: int
) -> None:
    (whole,) = measure(decoder, tasks["text"], STREAMING)
    asked = []

    def small_machine(decoder: Decoder, task: Task, batch_size: int, **more: Any) -> Scored:
        asked.append(batch_size)
        if batch_size > fits:
            raise RuntimeError("CUDA error: out of memory")
        return score_task(decoder, task, batch_size, **more)

    monkeypatch.setattr(checkpoint, "score_task", small_machine)
    (halved,) = measure(decoder, tasks["text"], STREAMING)
    assert asked == ([4, 2, 2] if fits == 2 else [4, 2, 1, 2, 1])
    assert halved.quality == pytest.approx(whole.quality, rel=1e-5)
    assert halved.longer[0].quality == pytest.approx(whole.longer[0].quality, rel=1e-5)


class TestLora:
    @pytest.fixture(autouse=True)
    def _installed(self) -> None:
        pytest.importorskip("peft", reason="evaluation.weights=lora needs peft, of the transformers extra")

    def test_it_learns_the_text_and_leaves_the_decoder_as_it_was(
        self, decoder: Decoder, tasks: dict[str, Task]
    ) -> None:
        before = {name: tensor.clone() for name, tensor in decoder.model.state_dict().items()}
        (frozen,) = measure(decoder, tasks["text"], STREAMING)
        (tuned,) = measure(decoder, tasks["text"], STREAMING, weights="lora", rung=8)
        assert tuned.quality is not None and frozen.quality is not None and tuned.quality < frozen.quality
        assert tuned.train_loss is not None
        after = decoder.model.state_dict()
        assert before.keys() == after.keys()
        assert all(torch.equal(before[name], after[name]) for name in before)
        assert not any(parameter.requires_grad for parameter in decoder.model.parameters())
        assert measure(decoder, tasks["text"], STREAMING) == (frozen,)

    def test_the_next_rung_goes_on_from_the_trunk_as_if_there_had_been_one_run(
        self, decoder: Decoder, tasks: dict[str, Task], tmp_path: Path
    ) -> None:
        alone = measure(decoder, tasks["text"], STREAMING, weights="lora", rung=8)
        kept = [tmp_path / "trial"]
        measure(decoder, tasks["text"], STREAMING, weights="lora", rung=4, folders=kept)
        assert measure(decoder, tasks["text"], STREAMING, weights="lora", rung=8, folders=kept) == alone
        again = measure(decoder, tasks["needle"], STREAMING, weights="lora", rung=8, folders=kept)
        assert again == measure(decoder, tasks["needle"], STREAMING, weights="lora", rung=8)

    def test_a_damaged_checkpoint_costs_time_alone(
        self, decoder: Decoder, tasks: dict[str, Task], tmp_path: Path
    ) -> None:
        kept = [tmp_path / "trial"]
        first = measure(decoder, tasks["text"], STREAMING, weights="lora", rung=4, folders=kept)
        (file,) = kept[0].glob("checkpoint-*.pt")
        file.write_bytes(file.read_bytes()[:100])
        assert measure(decoder, tasks["text"], STREAMING, weights="lora", rung=4, folders=kept) == first

    @pytest.mark.parametrize("step", [1, 2, 3, 5, 6, 7])
    def test_a_killed_call_goes_on_and_ends_the_same(
        self, decoder: Decoder, tasks: dict[str, Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
    ) -> None:
        """On the trunk before and after each save, and on the branch, which begins after step 6."""
        monkeypatch.setattr(trunk_files, "SAVE_STEPS", 2)
        monkeypatch.setattr(progress_throttle, "SECONDS_BETWEEN_NEWS", 0.0)
        steps: list[int] = []

        def dying(member: int, done: int, num_steps: int) -> None:
            if done == step:
                raise KeyboardInterrupt

        kept = [tmp_path / "trial"]
        with pytest.raises(KeyboardInterrupt):
            measure(decoder, tasks["text"], STREAMING, weights="lora", rung=8, folders=kept, on_progress=dying)
        again = measure(
            decoder,
            tasks["text"],
            STREAMING,
            weights="lora",
            rung=8,
            folders=kept,
            on_progress=lambda member, done, num_steps: steps.append(done),
        )
        # News of a step goes out before it is saved, and of the last one again while it is scored.
        assert [done for done, _ in groupby(steps)] == list(range((step - 1) // 2 * 2, 9))
        assert again == measure(decoder, tasks["text"], STREAMING, weights="lora", rung=8)
        assert len(list(kept[0].iterdir())) == 1

    def test_adapters_of_another_step_or_model_are_passed_over(
        self, decoder: Decoder, tasks: dict[str, Task], tmp_path: Path
    ) -> None:
        kept = [tmp_path / "trial"]
        first = measure(decoder, tasks["text"], STREAMING, weights="lora", rung=4, folders=kept)
        (file,) = kept[0].glob("checkpoint-*.pt")
        whole = torch.load(file, weights_only=True)
        changes: list[dict[str, Any]] = [{"step": 2}, {"weights": {}}, {"schema": "nas.cohort/1"}]
        for change in changes:
            torch.save(whole | change, file)
            assert measure(decoder, tasks["text"], STREAMING, weights="lora", rung=4, folders=kept) == first

    def test_adapters_that_diverged_on_the_trunk_train_no_further(
        self, decoder: Decoder, tasks: dict[str, Task], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = [tmp_path / "trial"]
        for rung in (4, 8):
            (measured,) = measure(
                decoder, tasks["text"], FULL, weights="lora", rung=rung, folders=kept, learning_rate=1e30
            )
            assert (measured.step, measured.outcome) == (rung, Outcome.DIVERGED)
            monkeypatch.setattr(CheckpointTextTask, "train_batch", None)

    def test_diverging_is_an_outcome(self, decoder: Decoder, tasks: dict[str, Task]) -> None:
        (measured,) = measure(decoder, tasks["text"], FULL, weights="lora", rung=8, learning_rate=1e30)
        assert (measured.outcome, measured.quality) == (Outcome.DIVERGED, None)
        assert not any(parameter.requires_grad for parameter in decoder.model.parameters())
