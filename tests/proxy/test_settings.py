"""The settings of a proxy are refused in Python exactly as on the command line."""

import math
from dataclasses import fields, replace

import pytest

from nas.config.load import load_settings
from nas.errors import InputError
from nas.proxy.settings import ProxySettings, TrainingSettings

WRONG_PROXIES: list[tuple[str, float]] = [
    ("num_layers", 0),
    ("num_layers", 4097),
    ("num_heads", 0),
    ("d_model", 0),
    ("d_model", 2**20 + 8),
    ("d_model", 60),
    ("d_model", 4),
    ("mlp_ratio", -1),
    ("convolution_tokens", -1),
    ("convolution_tokens", 65),
    ("rope_base", 0.5),
    ("rope_base", math.inf),
]

WRONG_TRAININGS: list[tuple[str, object]] = [
    ("num_steps", 0),
    ("num_rungs", 0),
    ("num_rungs", 17),
    ("num_rungs", 9),  # of 400 steps
    ("rung_ratio", 1),
    ("batch_size", 0),
    ("learning_rate", 0.0),
    ("learning_rate", math.inf),
    ("learning_rate", math.nan),
    ("warmup_steps", -1),
    ("cooldown_share", 0.0),
    ("cooldown_share", 1.1),
    ("weight_decay", -0.1),
    ("weight_decay", math.inf),
    ("gradient_clip", 0.0),
    ("gradient_clip", math.inf),
    ("test_lengths", [1]),
    ("test_lengths", [2, 2]),
    ("test_lengths", [65]),
]


def test_every_number_has_a_range() -> None:
    for kind, wrong in ((ProxySettings, WRONG_PROXIES), (TrainingSettings, WRONG_TRAININGS)):
        numbers = {field.name for field in fields(kind) if field.type is not bool}
        assert numbers == {name for name, _ in wrong}


def refusal(setting: str, value: object) -> str:
    """The settings as the command line gives them."""
    with pytest.raises(InputError) as raised:
        load_settings(["training.num_steps=400", "training.num_rungs=1", f"{setting}={value}"])
    assert str(raised.value).startswith(f"{setting}: must ")
    return str(raised.value)


@pytest.mark.parametrize(("name", "value"), WRONG_PROXIES)
def test_a_proxy_that_cannot_be_is_refused(name: str, value: float) -> None:
    with pytest.raises(InputError) as raised:
        ProxySettings(**{name: value})  # type: ignore[arg-type]
    assert str(raised.value) == refusal(f"proxy.{name}", value)


@pytest.mark.parametrize(("name", "value"), WRONG_TRAININGS)
def test_a_training_that_cannot_be_is_refused(name: str, value: object) -> None:
    with pytest.raises(InputError) as raised:
        TrainingSettings(**{name: value})  # type: ignore[arg-type]
    assert str(raised.value) == refusal(f"training.{name}", value)


def test_a_change_is_judged_like_a_new_one() -> None:
    with pytest.raises(InputError, match=r"^training\.num_rungs: must be at most 1, so that the lowest"):
        replace(TrainingSettings(num_steps=400, num_rungs=3), num_steps=3)
