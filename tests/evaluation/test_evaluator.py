"""The evaluators that settings stand for: each measures as the class of its kind does."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.errors import InputError
from nas.evaluation.checkpoint import CheckpointEvaluator
from nas.evaluation.evaluator import evaluators
from nas.evaluation.scratch import ScratchEvaluator
from nas.evaluation.settings import CheckpointSettings, ScratchSettings
from nas.patterns.model import ModelPattern
from nas.pretrained.checkpoint_tasks import checkpoint_tasks
from nas.pretrained.decoder import Decoder
from nas.proxy.member import Member
from nas.proxy.settings import ProxySettings, TrainingSettings
from nas.space import systems
from nas.space.space import Shape
from nas.tasks.language.text import TextSettings
from nas.tasks.synthetic.recall import RecallSettings, RecallTask
from tests.timeless import timeless
from tests.tiny_models import save_tiny_model, written_text

SMALL = RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2, validation_sequences=8)
LONG = RecallSettings(num_tokens=32, vocab_size=12, num_pairs=2, validation_sequences=8)


def full(num_layers: int, num_heads: int) -> ModelPattern:
    return systems.full(Shape(num_layers=num_layers, num_heads=num_heads, num_tokens=16, causal=True))


def test_from_scratch_every_label_has_its_own_task_and_proxy(proxy: ProxySettings, training: TrainingSettings) -> None:
    made = evaluators(
        ScratchSettings(),
        checkpoint=None,
        tasks={"recall": SMALL, "recall2": LONG},
        proxies={"recall": proxy, "recall2": replace(proxy, num_layers=2)},
        training=training,
        device="cpu",
    )
    seen = []
    for label, settings, num_layers, seed in (
        ("recall", SMALL, 1, 4),
        ("recall2", LONG, 2, 4),
        ("recall", SMALL, 1, 5),
    ):
        member = Member(pattern=full(num_layers, 2), seed=3, learning_rate=1e-2)
        measured = timeless(made.make(label, seed).evaluate([member], 6))
        sizes = replace(proxy, num_layers=num_layers)
        alone = ScratchEvaluator(RecallTask(settings), sizes, training, data_seed=seed, device="cpu")
        assert measured == timeless(alone.evaluate([member], 6))
        seen.append(measured[0].train_loss)
    assert len(set(seen)) == 3, "the task and the seed of the data both decide"


def test_in_a_checkpoint_its_text_and_its_probes_are_scored(
    proxy: ProxySettings, training: TrainingSettings, tmp_path: Path
) -> None:
    checkpoint = str(save_tiny_model(tmp_path / "model"))
    text = TextSettings(path=str(written_text(tmp_path)), num_tokens=32, validation_share=0.2, validation_sequences=4)
    evaluation = CheckpointSettings(needle_depths=[0.5], needle_sequences=2)
    made = evaluators(
        evaluation, checkpoint=checkpoint, tasks={"text": text}, proxies={}, training=training, device="cpu"
    )
    decoder = Decoder.load(checkpoint)
    tasks = checkpoint_tasks(decoder, text, [0.5], 2)
    member = Member(pattern=full(2, 4), seed=0, learning_rate=1e-2)
    for label, task in tasks.items():
        alone = CheckpointEvaluator(decoder, task, evaluation, training, data_seed=0)
        assert timeless(made.make(label, 0).evaluate([member], 1)) == timeless(alone.evaluate([member], 1))
    assert list(tasks) == ["text", "needle"]


def test_a_checkpoint_that_cannot_be_loaded_is_named(
    proxy: ProxySettings, training: TrainingSettings, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"^checkpoint: "):
        evaluators(
            CheckpointSettings(),
            checkpoint=str(tmp_path),
            tasks={"text": TextSettings()},
            proxies={},
            training=training,
            device="cpu",
        )
