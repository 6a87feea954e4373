import pytest

from nas.config.load import load_settings
from nas.errors import InputError


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
        ("proxy.num_heads=0", "proxy.num_heads", "from 1 to 4096"),
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
