"""What completes an argument."""

import re

import pytest

from nas.cli.completed import setting_words
from nas.config.keys import all_keys
from nas.config.load import load_settings


def test_every_setting_is_offered_once() -> None:
    words = list(setting_words())
    assert len(set(words)) == len(words)
    keys = {word.partition("=")[0] for word in words}
    assert keys >= {name for name in all_keys() if name not in ("task.name", "evaluation.name", "space.options")}


def test_values_that_are_offered_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "0123456789" * 4)
    for word in setting_words():
        if not word.endswith(("=", ".")) and word.startswith(("preset=", "sampler=", "fidelity=", "tracking=")):
            load_settings([word])


def test_no_word_is_one_that_a_shell_would_expand() -> None:
    assert all(re.fullmatch(r"[\w.=-]+", word) for word in setting_words())
