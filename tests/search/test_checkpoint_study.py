"""Studies inside a checkpoint: the split between retrieval and streaming heads keeps what windows lose."""

import json
import shutil
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from nas.config.load import load_settings
from nas.costs.counting import count_cost
from nas.errors import InputError, StudyError
from nas.patterns.file import load_pattern
from nas.patterns.head import HeadPattern
from nas.patterns.layer import HeadGroup
from nas.patterns.primitives import Global
from nas.pretrained.decoder import Decoder
from nas.pretrained.retrieval_heads import ranked_heads
from nas.results.codec import to_document
from nas.results.front import InCheckpoint
from nas.results.observer import Observer, Preparation
from nas.results.survey import Losses, read_survey
from nas.search import study
from nas.search.executors import choose
from nas.search.problem.problem import make_problem
from nas.search.settings import StudySettings
from nas.search.study import run_study
from nas.space.sensitivity import Sensitivity
from tests.one_thread import one_thread as one_thread
from tests.tiny_decoder import train_tiny_decoder
from tests.tiny_models import save_tiny_model, written_text


def settings_for(model: Path, text: Path, *words: str) -> StudySettings:
    said = [f"checkpoint={model}", f"task.path={text}", "tracking=none", "workers=1", "device=cpu"]
    (settings,) = load_settings(["evaluation=checkpoint", *said, *words])
    return settings


@pytest.fixture(autouse=True)
def one_core(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that wait for each other take longer than these models."""
    monkeypatch.setattr(choose, "num_cores", lambda: 1)


SMALL = ("task.num_tokens=64", "task.validation_sequences=4", "evaluation.needle_sequences=2")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written_text(tmp_path_factory.mktemp("text"))


def test_the_checkpoint_is_the_target(model: Path, text: Path) -> None:
    problem = make_problem(settings_for(model, text, *SMALL, "evaluation.cost_tokens=256"))
    assert (problem.target.num_layers, problem.target.num_heads, problem.target.num_kv_heads) == (2, 4, 2)
    assert (problem.target.name, problem.target.num_tokens, problem.target.vocab_size) == (model.name, 256, 256)
    assert problem.full_cost == count_cost(problem.baselines["full"], problem.target)
    # keys and values of 256 tokens in 2 KV heads of 8 features in 2 layers, 4 bytes each
    assert problem.full_cost.kv_cache_bytes == 2 * 256 * 2 * 8 * 2 * 4


def test_the_driver_holds_no_model_while_workers_load_theirs(
    model: Path, text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a GPU a checkpoint would be in its memory twice, and torch keeps what is free until it is told not to."""

    class ReachedError(Exception):
        pass

    loaded, load = list[weakref.ref[torch.nn.Module]](), Decoder.load

    def listen(*args: Any, **options: Any) -> Decoder:
        decoder = load(*args, **options)
        loaded.append(weakref.ref(decoder.model))
        return decoder

    def workers_start(*_: Any) -> None:
        raise ReachedError(len(loaded), [one() for one in loaded if one() is not None])

    monkeypatch.setattr(Decoder, "load", listen)
    monkeypatch.setattr(study, "make_executor", workers_start)
    freed = list[int]()
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: freed.append(len(loaded)))
    with pytest.raises(ReachedError) as reached:
        run_study(settings_for(model, text, *SMALL, f"study={tmp_path}/study"))
    number, alive = reached.value.args
    assert number >= 2 and not alive and freed == [number]  # inspected, then surveyed


@pytest.mark.parametrize(
    "space", ["by_sensitivity", "head_split", "per_head", "local_global", "retrieval_streaming", "streaming"]
)
def test_query_heads_that_share_a_kv_head_attend_alike(space: str, model: Path, text: Path) -> None:
    problem = make_problem(settings_for(model, text, *SMALL, f"space={space}"))
    for pattern in (*problem.baselines.values(), *drawn(problem, 5)):
        assert pattern.num_heads == 4
        for layer in pattern.layers:
            heads = layer.head_patterns()
            assert heads[0] == heads[1] and heads[2] == heads[3]


def drawn(problem: Any, count: int) -> Sequence[Any]:
    from nas.space.random_suggester import RandomSuggester

    return [problem.sample(RandomSuggester(seed)) for seed in range(count)]


def test_which_head_has_which_window_makes_another_pattern(model: Path, text: Path) -> None:
    problem = make_problem(settings_for(model, text, *SMALL, "space=per_head"))
    wide, narrow = ({"kind": "window", "before": before} for before in (40, 3))
    one, other = (
        load_pattern(
            {
                "schema": "nas.pattern/1",
                "causal": True,
                "layers": [{"heads": [{"count": 2, "attend": [first]}, {"count": 2, "attend": [second]}]}] * 2,
            }
        )
        for first, second in ((wide, narrow), (narrow, wide))
    )
    assert one.id == other.id
    features = problem.features([one, other])
    assert ((features[0] != features[1]).nonzero()[0] >= features.shape[1] - 4).all()  # 2 layers of 2 KV heads
    assert features[0, -4:].tolist() == features[1, [-3, -4, -1, -2]].tolist() != features[1, -4:].tolist()
    assert problem.shape.identity(one) != problem.shape.identity(other)
    assert problem.cost(one) == problem.cost(other)


def test_a_study_ends_in_the_same_front_again(model: Path, text: Path, tmp_path: Path) -> None:
    words = (*SMALL, "num_trials=2", "training.test_lengths=[2]", f"runs_folder={tmp_path}")
    front = run_study(settings_for(model, text, *words))
    assert {score.name for score in front.scores} == {
        *("quality_text", "quality_text_2x", "quality_needle", "quality_needle_2x"),
        *("quality_needle_depth_10", "quality_needle_depth_50", "quality_needle_depth_90"),
    }
    assert [objective.name for objective in front.objectives] == [
        "quality_text",
        "quality_needle",
        "kv_cache_bytes",
    ]
    assert isinstance(front.provenance.evaluation, InCheckpoint) and front.provenance.is_frozen
    assert front.provenance.checkpoint_fingerprint and len(front.provenance.checkpoint_fingerprint) == 64
    again = run_study(settings_for(model, text, *words, "study=again"))
    assert to_document(again) == to_document(replace(front, study="again"))


def test_a_study_goes_on_only_on_what_it_was_started_on(model: Path, text: Path, tmp_path: Path) -> None:
    own_model = Path(shutil.copytree(model, tmp_path / "model"))
    own_text = Path(shutil.copy(text, tmp_path / "text.txt"))
    settings = settings_for(own_model, own_text, *SMALL, "num_trials=1", f"runs_folder={tmp_path}/runs")
    run_study(settings)
    run_study(settings)

    weights = own_model / "model.safetensors"
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(StudyError, match=r"was started on other data \(checkpoint: .*so its trials would not compare"):
        run_study(settings)
    weights.write_bytes(good)
    own_text.write_text("x" + own_text.read_text())
    with pytest.raises(StudyError, match=r"was started on other data \(task text: "):
        run_study(settings)


def test_what_is_being_done_is_told_before_the_checkpoint_is_opened(tmp_path: Path, text: Path) -> None:
    class Told(Observer):
        def __init__(self) -> None:
            self.what: list[str] = []

        def preparation_progressed(self, preparation: Preparation) -> None:
            self.what.append(preparation.what)

    told = Told()
    with pytest.raises(InputError, match=r"^checkpoint: must be a folder"):
        run_study(settings_for(tmp_path / "nowhere", text, *SMALL), [told])
    assert told.what == ["reading the checkpoint and its text"]


def test_adapters_are_trained_from_rung_to_rung(model: Path, text: Path, tmp_path: Path) -> None:
    pytest.importorskip("peft", reason="evaluation.weights=lora needs peft, of the transformers extra")
    words = ("evaluation.weights=lora", "training.num_steps=8", "training.num_rungs=2", "training.warmup_steps=1")
    settings = settings_for(model, text, *SMALL, *words, "num_trials=1", f"runs_folder={tmp_path}")
    front = run_study(settings)
    assert front.provenance.rungs == (4, 8)
    assert all(baseline.state == "finished" for baseline in front.baselines)
    assert not list(tmp_path.glob("**/checkpoint-*"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["task.num_tokens=1024", "task.validation_sequences=4"], r"^task.num_tokens: must be at most 512"),
        (["task.num_tokens=8000"], r"^task.path: must leave 8,001 tokens"),
        (
            ["evaluation.needle_depths=[]", "space=head_split"],
            r"^space=head_split: needs a model whose retrieval heads are known",
        ),
        (
            ["evaluation.survey_sequences=0"],
            r"^space=by_sensitivity: needs a model whose layers and heads have been surveyed, got 'a model without",
        ),
        (["task.num_tokens=16"], r"^evaluation.needle_depths: must leave room"),
    ],
)
def test_what_does_not_go_together_is_said_before_anything_is_written(
    words: list[str], message: str, model: Path, text: Path, tmp_path: Path
) -> None:
    settings = settings_for(model, text, *SMALL, *words, f"runs_folder={tmp_path}/runs")
    with pytest.raises(InputError, match=message):
        run_study(settings)
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_split_found_by_the_search_keeps_recall_where_windows_lose_it(tmp_path: Path) -> None:
    model = tmp_path / "model"
    train_tiny_decoder(model)
    scored = ("task.num_tokens=160", "task.validation_sequences=4", "evaluation.needle_sequences=6")
    words = (*scored, "num_trials=8", "space=head_split")
    text = Path(json.__file__).parent  # of the standard library, in which the needles of the training were
    settings = settings_for(model, text, *words, "training.batch_size=8", f"runs_folder={tmp_path}/runs")
    front = run_study(settings)
    survey = read_survey(tmp_path / "runs" / settings.study)
    assert survey is not None and survey.is_complete
    first, *_ = ranked_heads(survey.retrieval)
    assert first[0] == 1  # the upper layer looks for what the lower one prepares
    baselines = {baseline.baseline: baseline for baseline in front.baselines}
    assert {"full", "streaming", "sliding_window", "retrieval_streaming"} <= baselines.keys()
    recall = {name: baseline.scores["quality_needle"] for name, baseline in baselines.items()}
    assert recall["full"] > 0.5
    for window in ("streaming", "sliding_window"):
        assert recall[window] < 0.6 * recall["full"]
        assert baselines[window].scores["quality_needle_depth_10"] < 0.1
    window_cache = baselines["sliding_window"].ratio_to_full["kv_cache_bytes"]
    for kept, cache in ((0.6, window_cache), (0.8, 1.25 * window_cache)):
        assert [
            point
            for point in front.points
            if point.baseline is None
            and point.scores["quality_needle"] > kept * recall["full"]
            and point.ratio_to_full["kv_cache_bytes"] < cache
        ]


def test_a_trial_knows_what_the_survey_predicts_of_it(model: Path, text: Path, tmp_path: Path) -> None:
    settings = settings_for(model, text, *SMALL, "num_trials=2", f"runs_folder={tmp_path}")
    front = run_study(settings)
    survey = read_survey(tmp_path / settings.study)
    assert survey is not None
    sensitivity = Sensitivity(survey)
    for entry in (*front.baselines, *front.points):
        groups = [group for layer in entry.pattern.layers for group in layer.heads]
        keys = [keys_per_query(group) for group in groups for _ in range(group.count)]
        effect = sensitivity.effects(np.array([keys[::2]]))[0]  # two query heads share a KV head
        assert entry.predicted is not None
        assert (entry.predicted.text, entry.predicted.needle) == pytest.approx(tuple(effect), abs=1e-6)
    full = next(entry for entry in front.baselines if entry.baseline == "full")
    assert full.predicted == Losses(text=0.0, needle=0.0)


def keys_per_query(group: HeadGroup) -> float:
    """Without first tokens, which make a window no wider."""
    recent = tuple(one for one in group.attend if not isinstance(one, Global))
    return float(HeadPattern(recent).mask(64).sum()) / 64
