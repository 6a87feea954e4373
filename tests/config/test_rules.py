import pytest

from nas.config.load import load_settings
from nas.errors import InputError


@pytest.mark.parametrize(
    "word",
    ["seed=0", "seed=4294967295", "num_trials=0", "workers=0", "constraints.flops_ratio=1", "training.warmup_share=0",
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
        ("training.warmup_share=1.5", "training.warmup_share", "from 0 to 1"),
        ("training.num_checks=100000", "training.num_checks", "at most training.num_steps"),
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
