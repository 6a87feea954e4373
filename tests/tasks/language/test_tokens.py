"""The tokens task: in order, with the end held out."""

import math
from pathlib import Path

import numpy as np
import pytest

from nas.errors import InputError
from nas.tasks.language.tokens import TokensSettings, TokensTask

IDS = np.arange(1000)


def save(path: Path, ids: np.ndarray) -> str:
    if path.suffix == ".bin":
        ids.astype("<u2").tofile(path)
    else:
        np.save(path, ids)
    return str(path)


@pytest.mark.parametrize("name", ["a.bin", "a.npy"])
def test_tokens_come_in_order_and_the_end_is_held_out(tmp_path: Path, name: str) -> None:
    task = TokensTask(TokensSettings(path=save(tmp_path / name, IDS), num_tokens=9, validation_share=0.2))
    for batch, least, most in (
        (task.train_batch(0, 300, seed=0), 0, 799),
        (next(task.validation_batches(300)), 800, 999),
    ):
        assert batch.tokens.min() >= least and batch.targets.max() <= most
        assert (batch.targets == batch.tokens + 1).all()
        assert (
            batch.context[batch.tokens[:, 0] >= least + 9] == batch.tokens[batch.tokens[:, 0] >= least + 9] - 9
        ).all()
    assert (task.vocab_size, task.chance) == (1000, math.log(1000))
    assert task.quality(loss=1.5, accuracy=0.1) == 1.5


def test_the_vocabulary_may_be_larger_than_the_data_shows(tmp_path: Path) -> None:
    task = TokensTask(TokensSettings(path=save(tmp_path / "a.npy", IDS), num_tokens=9, vocab_size=50_257))
    assert task.vocab_size == 50_257


def test_one_changed_token_changes_both_fingerprints(tmp_path: Path) -> None:
    before = TokensTask(TokensSettings(path=save(tmp_path / "a.bin", IDS), num_tokens=9))
    ids = IDS.copy()
    ids[5] += 1
    after = TokensTask(TokensSettings(path=save(tmp_path / "b.bin", ids), num_tokens=9))
    assert before.fingerprint != after.fingerprint and before.corpus_fingerprint != after.corpus_fingerprint


@pytest.mark.parametrize(
    ("name", "ids", "message"),
    [
        ("a.npy", IDS - 1, r"hold token ids from 0 to 1,048,575, got \(-1, 998\)"),
        ("a.npy", IDS * 2000, r"hold token ids from 0 to 1,048,575, got \(0, 1998000\)"),
        ("a.npy", IDS.reshape(10, 100), "2 dimensions of int64 instead of 1"),
        ("a.npy", IDS / 2, "1 dimensions of float64 instead of 1 of integers"),
        ("a.npy", np.array([1, "a"], dtype=object), "damaged or of another form"),
        ("a.npy", np.zeros(0, dtype=np.int64), "leave 10 tokens"),
        ("a.bin", np.zeros(0), "damaged or of another form"),
        ("a.npy", IDS[:30], r"leave 129 tokens .* got '29 and 1 tokens"),
    ],
)
def test_what_holds_no_tokens_is_refused(tmp_path: Path, name: str, ids: np.ndarray, message: str) -> None:
    num_tokens = 128 if len(ids) == 30 else 9
    with pytest.raises(InputError, match=rf"^task\.path: must .*{message}"):
        TokensTask(TokensSettings(path=save(tmp_path / name, ids), num_tokens=num_tokens))


def test_a_vocabulary_too_small_for_the_data_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"from 0 to 499, got \(0, 999\)\. Raise task\.vocab_size\."):
        TokensTask(TokensSettings(path=save(tmp_path / "a.npy", IDS), num_tokens=9, vocab_size=500))


@pytest.mark.parametrize("vocab_size", [1, 2**20 + 1])
def test_a_setting_out_of_range_is_an_error_that_names_it(vocab_size: int) -> None:
    with pytest.raises(InputError, match=rf"^task\.vocab_size: must be from 2 to 1,048,576, got {vocab_size}\."):
        TokensSettings(vocab_size=vocab_size)
