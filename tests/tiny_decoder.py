"""A Llama of two layers that learns to recall, in half a minute of processor time.

Recall takes two heads: one that copies the token before, and above it one that looks for the place behind an earlier
occurrence of the present token (Olsson et al. 2022, "In-context Learning and Induction Heads"). They form in a few
hundred steps on short runs of random tokens that come again and again, whose period changes from batch to batch, so
that no fixed distance helps. Longer runs follow, then the standard library's sources with needles in them.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from nas.tasks.language.corpus import read_stdlib
from nas.tasks.language.split import split_corpus

VOCABULARY = 288
"""All bytes and 32 pairs of them."""
PEAK, PEAK_ON_TEXT = 3e-3, 1e-3
MOST_STEPS, LEARNT = 3000, 0.3
"""Steps on short runs at most, and the loss in nats at which they are learnt; chance is 5."""
NUM_LONG, NUM_TEXT = 200, 300
"""Steps on longer runs, and on text with needles."""
NUM_TOKENS, BATCH_SIZE, NEEDLE = 128, 8, 8

Ids = NDArray[np.int64]


def train_tiny_decoder(folder: Path) -> None:
    """Save model and tokenizer as a user's checkpoint folder has them."""
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    written = split_corpus(read_stdlib(), 0.05)[0][:300_000].tobytes().decode("utf-8", "replace")
    tokenizer = byte_pairs(written[:50_000])
    ids = np.array(tokenizer.encode(written).ids)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=128,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=1024,
    )
    model = LlamaForCausalLM(config)
    learn_to_recall(model, np.unique(ids))
    learn_text(model, ids)
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(folder)


def byte_pairs(text: str) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def learn_to_recall(model: Any, alphabet: Ids) -> None:
    """Short runs until they are learnt, then longer ones."""
    chance, optimizer = np.random.default_rng(0), adam(model)

    def step(batch_size: int, periods: tuple[int, int], num_tokens: int, rate: float) -> float:
        period = int(chance.integers(*periods))
        once = alphabet[chance.integers(len(alphabet), size=(batch_size, period))]
        tokens = torch.from_numpy(np.tile(once, num_tokens // period + 1)[:, :num_tokens])
        return descend(optimizer, model, losses_of(model, tokens)[:, period:].mean(), rate)

    for number in range(MOST_STEPS):
        if step(32, (8, 17), 32, PEAK * min((number + 1) / 50, 1)) < LEARNT:
            break
    else:
        raise AssertionError(f"the tiny decoder has not learnt to recall in {MOST_STEPS} steps")
    for _ in range(NUM_LONG):
        step(BATCH_SIZE, (16, 64), NUM_TOKENS, PEAK)


def learn_text(model: Any, ids: Ids) -> None:
    """Text, and needles in it, so that neither makes the model forget the other."""
    chance, optimizer, alphabet = np.random.default_rng(1), adam(model), np.unique(ids)
    for number in range(NUM_TEXT):
        rate = PEAK_ON_TEXT * min((number + 1) / 20, 2 * (NUM_TEXT - number) / NUM_TEXT, 1)
        losses = losses_of(model, torch.from_numpy(text_and_needles(chance, ids, alphabet)))
        told = losses[: BATCH_SIZE // 2, 1 - NEEDLE :]  # all of the needle that comes again but its first token
        descend(optimizer, model, told.mean() + losses[BATCH_SIZE // 2 :].mean(), rate)


def text_and_needles(chance: np.random.Generator, ids: Ids, alphabet: Ids) -> Ids:
    """Windows of text; in the first half of them three needles, one of which comes again at the end."""
    starts = chance.integers(len(ids) - NUM_TOKENS, size=BATCH_SIZE)
    tokens: Ids = ids[starts[:, None] + np.arange(NUM_TOKENS)]
    for row in tokens[: BATCH_SIZE // 2]:
        needles = alphabet[chance.integers(len(alphabet), size=(3, NEEDLE))]
        places = NEEDLE * chance.choice(NUM_TOKENS // NEEDLE - 1, 3, replace=False)
        for place, needle in zip(places, needles, strict=True):
            row[place : place + NEEDLE] = needle
        row[-NEEDLE:] = needles[0]
    return tokens


def adam(model: Any) -> torch.optim.Optimizer:
    return torch.optim.AdamW(model.parameters(), lr=PEAK, betas=(0.9, 0.98), weight_decay=0.0)


def losses_of(model: Callable[..., Any], tokens: Tensor) -> Tensor:
    """Of every token but the first, in nats: (batch, tokens - 1)."""
    return cross_entropy(model(tokens).logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")


def descend(optimizer: torch.optim.Optimizer, model: Any, loss: Tensor, rate: float) -> float:
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()
