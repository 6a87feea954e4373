"""The backbone of a study: the shape that a space fills, and what fits the model."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.errors import InputError, PatternError
from nas.evaluation.settings import CheckpointSettings
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Window
from nas.pretrained.decoder import Decoder
from nas.pretrained.source import checkpoint_fingerprint
from nas.proxy.settings import ProxySettings
from nas.search.problem.backbone import Backbone, make_backbone
from nas.search.settings import FidelitySettings, StudySettings
from nas.space import systems
from nas.space.space import Shape
from nas.tasks.language.text import TextSettings
from nas.tasks.synthetic.recall import RecallSettings
from tests.tiny_models import save_tiny_model, written_text

SMALL = RecallSettings(num_tokens=16, vocab_size=16, num_pairs=2, validation_sequences=2)
LONG = RecallSettings(num_tokens=32, vocab_size=12, num_pairs=2, validation_sequences=2)


@pytest.fixture(scope="module")
def proxy() -> Backbone:
    sizes = ProxySettings(num_layers=3, num_heads=2, d_model=16)
    return make_backbone(StudySettings(task=SMALL, extra_tasks=[LONG], proxy=sizes))


def test_a_proxy_has_the_shape_of_the_first_task(proxy: Backbone) -> None:
    assert list(proxy.tasks) == ["recall", "recall2"]
    assert proxy.shape == Shape(num_layers=3, num_heads=2, num_tokens=16, causal=True)
    assert (proxy.num_heads, proxy.fingerprint) == (2, None)
    assert (proxy.target.num_layers, proxy.target.num_tokens, proxy.target.vocab_size) == (3, 16, 16)


def test_a_pattern_of_another_shape_does_not_fit_a_proxy(proxy: Backbone) -> None:
    fitting = systems.full(proxy.shape)
    proxy.check_fit(fitting)
    assert proxy.widened(fitting) == fitting
    for shape in (replace(proxy.shape, num_layers=2), replace(proxy.shape, num_heads=4)):
        with pytest.raises(PatternError, match="must count"):
            proxy.check_fit(systems.full(shape))


@pytest.fixture(scope="module")
def checkpoint_settings(tmp_path_factory: pytest.TempPathFactory) -> StudySettings:
    folder = tmp_path_factory.mktemp("checkpoint")
    text = TextSettings(path=str(written_text(folder)), num_tokens=64, validation_sequences=4)
    return StudySettings(
        task=text,
        evaluation=CheckpointSettings(needle_depths=[0.5], needle_sequences=2, cost_tokens=256),
        checkpoint=str(save_tiny_model(folder / "model")),
        confirm_seeds=0,
        fidelity=FidelitySettings(num_patterns=0),
        device="cpu",
    )


@pytest.fixture(scope="module")
def pretrained(checkpoint_settings: StudySettings) -> Backbone:
    return make_backbone(checkpoint_settings)


def test_the_heads_of_a_decoders_shape_are_its_kv_heads(
    pretrained: Backbone, checkpoint_settings: StudySettings
) -> None:
    """Four query heads share two KV heads."""
    shape = pretrained.shape
    assert (shape.num_layers, shape.num_heads, shape.num_tokens, shape.causal, shape.weighted) == (2, 2, 64, True, True)
    assert pretrained.num_heads == 4
    assert sorted(shape.retrieval_heads) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert (pretrained.target.num_kv_heads, pretrained.target.num_tokens) == (2, 256)
    assert list(pretrained.tasks) == ["text", "needle"]
    folder = Decoder.load(checkpoint_settings.checkpoint).folder
    assert pretrained.fingerprint == checkpoint_fingerprint(folder)


def test_query_heads_that_share_a_kv_head_attend_alike(pretrained: Backbone) -> None:
    narrow, wide = HeadGroup(1, (Window(3),)), HeadGroup(1, (Full(),))
    widened = pretrained.widened(ModelPattern.of([(narrow, wide), (wide, narrow)]))
    pretrained.check_fit(widened)
    heads = [[head.attend for head in layer.head_patterns()] for layer in widened.layers]
    few, all_ = (Window(3),), (Full(),)
    assert heads == [[few, few, all_, all_], [all_, all_, few, few]]


def test_without_probes_retrieval_heads_are_unknown(checkpoint_settings: StudySettings) -> None:
    silent = replace(checkpoint_settings, evaluation=CheckpointSettings(needle_depths=[]))
    backbone = make_backbone(silent)
    assert list(backbone.tasks) == ["text"] and backbone.shape.retrieval_heads == ()


def test_a_length_beyond_the_decoders_positions_is_refused(checkpoint_settings: StudySettings, tmp_path: Path) -> None:
    """At twice the length too, which is scored as well."""
    longer = replace(checkpoint_settings.training, test_lengths=[16])
    with pytest.raises(InputError, match=r"^task.num_tokens: must be at most 512, max_position.* got 1024"):
        make_backbone(replace(checkpoint_settings, training=longer))
