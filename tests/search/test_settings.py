from dataclasses import asdict, fields

import pytest
import yaml

from nas.config.folder import choices
from nas.config.load import load_settings
from nas.errors import InputError
from nas.redact import REDACTED
from nas.search.settings import SpaceSettings, StudySettings


@pytest.mark.parametrize(
    "word",
    ["seed=0", "seed=4294967295", "num_trials=0", "workers=0", "constraints.flops_ratio=1", "training.warmup_steps=0",
     "training.num_rungs=1", "training.rung_ratio=2", "training.cooldown_share=1",
     "training.weight_decay=0", "device=cuda:3", "study=a.b-c_1", "study=/somewhere/else", "proxy.d_model=8"],
)  # fmt: skip
def test_the_edges_are_inside(word: str) -> None:
    load_settings([word])


@pytest.mark.parametrize(
    ("word", "where", "said"),
    [
        ("seed=-1", "seed", "from 0"),
        ("seed=4294967296", "seed", "from 0"),
        ("num_trials=-1", "num_trials", "0 or more"),
        ("proxy.num_heads=0", "proxy.num_heads", "from 1 to 4,096"),
        ("proxy.d_model=60", "proxy.d_model", "multiple of 8 .* nearest is 64"),
        ("proxy.d_model=4", "proxy.d_model", "nearest is 8"),
        ("training.learning_rate=0", "training.learning_rate", "above 0"),
        ("training.learning_rate=inf", "training.learning_rate", "finite"),
        ("training.learning_rate=nan", "training.learning_rate", "finite"),
        ("training.warmup_steps=-1", "training.warmup_steps", "0 or more"),
        ("training.num_rungs=0", "training.num_rungs", "from 1 to 16"),
        ("training.num_rungs=17", "training.num_rungs", "from 1 to 16"),
        ("training.rung_ratio=1", "training.rung_ratio", "2 or more"),
        ("training.cooldown_share=0", "training.cooldown_share", "above 0 and at most 1"),
        ("training.cooldown_share=1.1", "training.cooldown_share", "above 0 and at most 1"),
        ("training.cooldown_share=nan", "training.cooldown_share", "above 0 and at most 1"),
        ("constraints.flops_ratio=0", "constraints.flops_ratio", "above 0"),
        ("constraints.tile_ratio=0", "constraints.tile_ratio", "above 0"),
        ("constraints.kv_cache_ratio=1.01", "constraints.kv_cache_ratio", "at most 1"),
        ("device=gpu", "device", "cuda:N"),
        ("runs_folder=", "runs_folder", "path of a folder"),
        ("study=-x", "study", "letters"),
        ("study=.", "study", "letters"),
        ("tracking=online", "tracking", "WANDB_API_KEY"),
    ],
)
def test_outside_is_refused(word: str, where: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as raised:
        load_settings([word])
    assert raised.value.where == where


@pytest.mark.parametrize(("num_steps", "ratio", "most"), [(1, 2, 1), (3, 2, 1), (4, 2, 2), (480, 2, 8), (54, 3, 4)])
def test_the_lowest_of_several_rungs_has_two_steps(num_steps: int, ratio: int, most: int) -> None:
    words = [f"training.num_steps={num_steps}", f"training.rung_ratio={ratio}"]
    load_settings([*words, f"training.num_rungs={most}"])
    with pytest.raises(InputError) as raised:
        load_settings([*words, f"training.num_rungs={most + 1}"])
    assert str(raised.value) == (
        f"training.num_rungs: must be at most {most}, so that the lowest rung has 2 steps or more, got {most + 1}. "
        f"training.num_steps is {num_steps} and training.rung_ratio {ratio}: raise the one or lower the other."
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["evaluation=checkpoint"], r"^checkpoint: must name a folder, or .* got None\. Add checkpoint=\./my-model\."),
        (["checkpoint=./m"], r"^checkpoint: must be null with evaluation=scratch, got './m'\. Add evaluation=checkp"),
        (["evaluation=checkpoint", "checkpoint=./m", "task=listops"], r"^task.num_tokens: .*|^task: must be text"),
        (["evaluation=checkpoint", "checkpoint=./m", "task.prediction=masked"], r"^task: must be text with prediction"),
        (["evaluation=checkpoint", "checkpoint=./m", "extra_tasks=[recall]"], r"^extra_tasks: must be \[\] with"),
        (["evaluation=checkpoint", "checkpoint=./m", "confirm_seeds=1"], r"^confirm_seeds: must be 0 with evaluation"),
        (["evaluation=checkpoint", "checkpoint=./m", "fidelity.num_patterns=3"], r"^fidelity.num_patterns: must be 0"),
        (
            ["evaluation=checkpoint", "checkpoint=./m", "evaluation.weights=warm"],
            r"^evaluation.weights: must be one of 'frozen', 'lora'",
        ),
        (["evaluation=checkpoint", "checkpoint=./m", "evaluation.lora_rank=0"], r"^evaluation.lora_rank: must be 1"),
        (["evaluation=checkpoint", "checkpoint=./m", "evaluation.needle_depths=[2]"], r"^evaluation.needle_depths: m"),
        (["evaluation=checkpoint", "checkpoint=./m", "evaluation.cost_tokens=0"], r"^evaluation.cost_tokens: must be"),
        (
            ["evaluation=checkpoint", "checkpoint=./m", "evaluation.phase=train"],
            r"^evaluation.phase: must be one of 'bo",
        ),
        (
            ["evaluation=checkpoint", "checkpoint=./m", "evaluation.phase=prefill"],
            r"^objectives: must not have kv_cache_bytes with evaluation.phase=prefill, .* Use objectives=\[quality,flo",
        ),
        (
            ["evaluation=checkpoint", "checkpoint=./m", "evaluation.phase=decode", "objectives=[quality,flops]"],
            r"^objectives: must not have flops with evaluation.phase=decode, .* Use objectives=\[quality,kv_cache_byte",
        ),
        (
            [
                "evaluation=checkpoint",
                "checkpoint=./m",
                "evaluation.phase=decode",
                "objectives=[quality,latency_ms]",
            ],
            r"^target.phase: must be decode, as evaluation.phase is, .* got 'prefill'",
        ),
        (
            [
                "evaluation=checkpoint",
                "checkpoint=./m",
                "evaluation.phase=decode",
                "evaluation.weights=lora",
            ],
            r"^evaluation.phase: must be both with evaluation.weights=lora, .* Set evaluation.weights=frozen",
        ),
        (["evaluation=checkpiont"], r"^evaluation: unknown choice; .* Did you mean 'checkpoint'"),
        (["evaluation.weights=lora"], r"^evaluation.weights: unknown key"),
    ],
)
def test_what_does_not_go_with_an_evaluation_is_named(words: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_settings(words)


@pytest.mark.parametrize(
    "word", [f"{group}={name}" for group in ("preset", "space", "target") for name in choices(group)]
)
def test_ordinary_settings_are_written_as_they_are(word: str) -> None:
    (settings,) = load_settings([word])
    plain = asdict(settings)
    written, expected = (
        yaml.safe_dump(document, sort_keys=False)
        for document in (settings.to_document(), {one.name: plain[one.name] for one in fields(StudySettings)})
    )
    assert written == expected


def test_credentials_among_the_settings_are_not_written() -> None:
    options = {"api_key": "hunter2", "global_token": [0, 1]}
    settings = StudySettings(space=SpaceSettings(attribute="my_module:MySpace", options=options))
    assert settings.to_document()["space"]["options"] == {"api_key": REDACTED, "global_token": [0, 1]}
    (settings,) = load_settings(["evaluation=checkpoint", "checkpoint=https://me:hunter2@host/model"])
    assert settings.to_document()["checkpoint"] == f"https://{REDACTED}@host/model"
