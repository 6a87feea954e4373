"""The model one size up: the same choices at more tokens and layers."""

import pytest

from nas.errors import InputError
from nas.evaluation.settings import CheckpointSettings
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Global, Window
from nas.search.problem.larger import larger_model
from nas.search.settings import FidelitySettings, StudySettings
from nas.tasks.language.text import TextSettings
from nas.tasks.synthetic.recall import RecallSettings
from nas.tasks.vision.image import ImageSettings

RECALL = RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2, validation_sequences=2)


def study(scale: int, num_patterns: int = 3, **more: object) -> StudySettings:
    fidelity = FidelitySettings(num_patterns=num_patterns, scale=scale)
    return StudySettings(**{"task": RECALL, "fidelity": fidelity, **more})  # type: ignore[arg-type]


def test_nothing_is_made_unless_it_is_asked_for() -> None:
    assert larger_model(study(1), 16) is None
    assert larger_model(study(2, num_patterns=0), 16) is None, "there are no patterns to check"


def test_length_and_layers_grow_and_the_width_stays() -> None:
    larger = larger_model(study(4, extra_tasks=[RecallSettings(num_tokens=32, vocab_size=16, num_pairs=2)]), 16)
    assert larger is not None
    own = StudySettings().proxy
    assert (larger.num_tokens, larger.proxy.num_layers) == (64, 4 * own.num_layers)
    assert (larger.proxy.d_model, larger.proxy.num_heads) == (own.d_model, own.num_heads)
    assert larger.labels == {"recall": "recall_4x", "recall2": "recall2_4x"}
    assert {label: task.num_tokens for label, task in larger.tasks.items()} == {"recall_4x": 64, "recall2_4x": 128}
    assert list(larger.settings) == list(larger.tasks)


def test_a_pattern_is_carried_by_the_rules_and_stretched_to_the_layers() -> None:
    larger = larger_model(study(2), 16)
    assert larger is not None
    narrow, wide = (HeadGroup(4, (Window(3), Global(1))),), (HeadGroup(4, (Full(),)),)
    twice = (HeadGroup(4, (Window(7), Global(1))),)
    assert larger.form(ModelPattern.of([narrow, wide])) == ModelPattern.of([twice, twice, wide, wide])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            study(2, evaluation=CheckpointSettings(weights="lora"), checkpoint="model", task=TextSettings()),
            r"^fidelity\.scale: must be 1 with evaluation=checkpoint, which has one size, got 2",
        ),
        (
            study(2, task=ImageSettings()),
            r"^fidelity\.scale: must be 1 with the task image, whose images have one size, got 2",
        ),
        (
            study(16, task=TextSettings(num_tokens=2**17)),
            r"^fidelity\.scale: must be a scale at which every task can be made \(task\..*\), got 16\. Use",
        ),
    ],
)
def test_what_has_one_size_is_refused(settings: StudySettings, said: str) -> None:
    with pytest.raises(InputError, match=said):
        larger_model(settings, settings.task.num_tokens if not isinstance(settings.task, ImageSettings) else 64)
