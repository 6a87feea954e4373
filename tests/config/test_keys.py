import pytest

from nas.config.keys import GROUPS, all_keys, nearest_key
from nas.config.load import load_settings
from nas.errors import InputError


def test_every_setting_is_described() -> None:
    assert [key.name for key in all_keys().values() if not key.description] == []


NUMBERS = [
    key.name
    for key in all_keys().values()
    if key.hint in (int, float, int | None, float | None)
    and not key.name.startswith(("task.", "target.", "evaluation.", "executor."))
]


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_of_a_study_has_a_range(name: str) -> None:
    with pytest.raises(InputError, match=rf"^{name}: must be "):
        load_settings([f"{name}=-1"])


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("sede", "seed"),
        ("num_trails", "num_trials"),
        ("proxy.layers", "proxy.num_layers"),
        ("d_model", "proxy.d_model"),
        ("learning_rate", "training.learning_rate"),
        ("flops_ratio", "constraints.flops_ratio"),
        ("traking", "tracking"),
    ],
)
def test_the_nearest_key_is_found_by_spelling_or_last_part(wrong: str, right: str) -> None:
    assert nearest_key(wrong, GROUPS) == right


def test_nothing_is_near_to_nonsense() -> None:
    assert nearest_key("zzz", GROUPS) is None
