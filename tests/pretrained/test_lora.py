"""Adapters by themselves; tests/evaluation/test_checkpoint.py has what a study does with them."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import torch

from nas.pretrained.checkpoint_tasks import CheckpointTextTask
from nas.pretrained.decoder import Decoder
from nas.pretrained.lora import Adapters, lora_adapters
from nas.pretrained.tokenised_text import TokenisedText
from nas.proxy.settings import TrainingSettings
from nas.tasks.language.text import TextSettings

TOKENS = torch.randint(256, (1, 24), generator=torch.Generator().manual_seed(1))
Open = Callable[..., AbstractContextManager[Adapters]]

pytest.importorskip("peft", reason="adapters need peft, of the transformers extra")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def adapters(decoder: Decoder, text: TokenisedText, text_settings: Callable[..., TextSettings]) -> Open:
    """Adapters of a decoder, with some of rank, seed and learning rate changed."""
    task = CheckpointTextTask(text, text_settings())

    def adapters(rank: int = 4, seed: int = 1, learning_rate: float = 1e-2) -> AbstractContextManager[Adapters]:
        training = TrainingSettings(num_steps=8, batch_size=4, learning_rate=learning_rate, warmup_steps=1)
        return lora_adapters(decoder, rank, seed, task, training, data_seed=3)

    return adapters


@torch.no_grad()
def logits(decoder: Decoder) -> torch.Tensor:
    return decoder.logits(TOKENS)


def test_fresh_adapters_change_nothing_and_trained_ones_are_gone_afterwards(decoder: Decoder, adapters: Open) -> None:
    before, told = logits(decoder), []
    with adapters() as some:
        torch.testing.assert_close(logits(decoder), before)
        loss = some.train(3, None, lambda: told.append(some.step))
        assert math.isfinite(loss) and some.any_alive()
        assert told == [1, 2, 3]
        assert not torch.allclose(logits(decoder), before)
    assert torch.equal(logits(decoder), before)


def test_saved_adapters_train_on_as_if_they_had_not_been_away(decoder: Decoder, adapters: Open, tmp_path: Path) -> None:
    with adapters() as some:
        some.train(5, None, lambda: None)
        some.save(tmp_path / "5.pt")
        some.train(6, None, lambda: None)
        some.train(8, 8, lambda: None)
        expected = logits(decoder)
    with adapters(seed=2) as others:
        assert others.load(tmp_path / "5.pt", 5) and others.step == 5
        others.train(6, None, lambda: None)
        others.train(8, 8, lambda: None)
        assert torch.equal(logits(decoder), expected)


def test_files_of_something_else_change_nothing(decoder: Decoder, adapters: Open, tmp_path: Path) -> None:
    with adapters() as some:
        some.train(2, None, lambda: None)
        some.save(tmp_path / "2.pt")
    (tmp_path / "torn.pt").write_bytes(b"torn")
    with adapters(seed=2) as others:
        before = logits(decoder)
        for name, step in (("2.pt", 3), ("torn.pt", 2), ("nowhere.pt", 2)):
            assert not others.load(tmp_path / name, step)
        assert others.step == 0 and torch.equal(logits(decoder), before)


def test_adapters_that_diverge_train_no_further_even_after_they_were_saved(
    decoder: Decoder, adapters: Open, tmp_path: Path
) -> None:
    with adapters(learning_rate=1e30) as wild:
        wild.train(8, None, lambda: None)
        assert not wild.any_alive() and wild.step < 8
        wild.save(tmp_path / "dead.pt")
        step = wild.step
    with adapters() as others:
        assert others.load(tmp_path / "dead.pt", step)
        assert math.isnan(others.train(8, None, lambda: pytest.fail("nothing is left to train")))
