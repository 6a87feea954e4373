"""A Llama of two layers that recalls, and in which it is known which heads do it.

Recall takes two heads: one that copies the token before, and above it one that looks for the place behind an earlier
occurrence of the present token (Olsson et al. 2022, "In-context Learning and Induction Heads"). Training finds them in
minutes, which a test has not got. So the two are set by hand, and transformers trains the whole model on from there, on
the standard library's sources and on needles in them.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from nas.tasks.corpus import read_stdlib
from nas.tasks.split import split_corpus

LOOKS_BACK, RETRIEVES = (0, 0), (1, 1)
"""The two (layer, KV head) that are set by hand."""

VOCABULARY = 288
"""All bytes and 32 pairs of them."""

CONTENT, BEFORE, CONSTANT = slice(0, 64), slice(64, 128), 128
"""Features of the residual stream: of the token itself, of the one before it, and one that is always on."""

D_MODEL, D_HEAD, SHARING = 160, 64, 2
NUM_STEPS, NUM_TOKENS, BATCH_SIZE, PEAK = 100, 128, 8, 3e-4
NEEDLE = 8

Ids = NDArray[np.int64]


def train_tiny_decoder(folder: Path, num_steps: int = NUM_STEPS, on_step: Any = None) -> None:
    """Save model and tokenizer as a user's checkpoint folder has them."""
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    written = split_corpus(read_stdlib(), 0.05)[0][:300_000].tobytes().decode("utf-8", "replace")
    tokenizer = byte_pairs(written[:50_000])
    ids = np.array(tokenizer.encode(written).ids)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=D_MODEL,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2 * SHARING,
        num_key_value_heads=2,
        head_dim=D_HEAD,
        max_position_embeddings=1024,
        tie_word_embeddings=True,
        initializer_range=0.02,
        rope_parameters={"rope_type": "default", "rope_theta": 1e6},
    )
    model = LlamaForCausalLM(config)
    set_heads(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK, betas=(0.9, 0.98), weight_decay=0.0)
    chance, alphabet = np.random.default_rng(0), np.unique(ids)
    for step in range(num_steps):
        for group in optimizer.param_groups:
            group["lr"] = PEAK * min((step + 1) / 10, (num_steps - step) / (0.5 * num_steps), 1.0)
        tokens = torch.from_numpy(text_and_needles(chance, ids, alphabet))
        losses = cross_entropy(model(tokens).logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
        told = losses[: BATCH_SIZE // 2, 1 - NEEDLE :]  # all of the needle that comes again but its first token
        optimizer.zero_grad()
        (told.mean() + losses[BATCH_SIZE // 2 :].mean()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if on_step:
            on_step(step, told.mean().item(), losses[BATCH_SIZE // 2 :].mean().item())
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


@torch.no_grad()
def set_heads(model: Any) -> None:
    """The head that copies the token before, and the one that retrieves."""
    embedding = torch.randn(VOCABULARY, 64)
    weight = model.model.embed_tokens.weight
    weight.zero_()
    weight[:, CONTENT] = embedding / embedding.norm(dim=1, keepdim=True)
    weight[:, CONSTANT] = 1.0
    frequency = 1e6 ** (-torch.arange(D_HEAD // 2) / (D_HEAD // 2))
    one_back = torch.cat([frequency.cos(), -frequency.sin()])  # scores cos(frequency * (distance - 1)), summed
    level = torch.cat([torch.ones(D_HEAD // 2), torch.zeros(D_HEAD // 2)])
    slow = torch.cat([torch.arange(16, 32), torch.arange(48, 64)])  # features that positions hardly turn
    compare = torch.linalg.qr(torch.randn(64, 32)).Q.T

    attention, (queries, keys) = parts(model, LOOKS_BACK)
    clear(attention, queries, keys)
    for head in queries:
        attention.q_proj.weight[head, CONSTANT] = one_back
        attention.o_proj.weight[BEFORE, head] = 0.1 / SHARING * torch.eye(64)
    attention.k_proj.weight[keys, CONSTANT] = level
    attention.v_proj.weight[keys, CONTENT] = torch.eye(64)

    attention, (queries, keys) = parts(model, RETRIEVES)
    clear(attention, queries, keys)
    for head in queries:
        attention.q_proj.weight[head.start + slow, CONTENT] = 3.0 * compare
        attention.o_proj.weight[CONTENT, head] = 0.5 / SHARING * torch.eye(64)
    attention.k_proj.weight[keys.start + slow, BEFORE] = 3.0 * compare
    attention.v_proj.weight[keys, CONTENT] = torch.eye(64)


def parts(model: Any, place: tuple[int, int]) -> tuple[Any, tuple[list[slice], slice]]:
    """The attention of a layer, the rows of the query heads that share a KV head, and that head's rows."""
    layer, kv_head = place
    queries = [slice(head * D_HEAD, (head + 1) * D_HEAD) for head in range(kv_head * SHARING, (kv_head + 1) * SHARING)]
    return model.model.layers[layer].self_attn, (queries, slice(kv_head * D_HEAD, (kv_head + 1) * D_HEAD))


def clear(attention: Any, queries: list[slice], keys: slice) -> None:
    for head in queries:
        attention.q_proj.weight[head] = 0
        attention.o_proj.weight[:, head] = 0
    attention.k_proj.weight[keys] = 0
    attention.v_proj.weight[keys] = 0


def text_and_needles(chance: Any, ids: Ids, alphabet: Ids) -> Ids:
    """Windows of text; in the first half of them three needles, one of which comes again at the end."""
    starts = chance.integers(len(ids) - NUM_TOKENS, size=BATCH_SIZE)
    tokens = ids[starts[:, None] + np.arange(NUM_TOKENS)]
    for row in tokens[: BATCH_SIZE // 2]:
        needles = alphabet[chance.integers(len(alphabet), size=(3, NEEDLE))]
        places = NEEDLE * chance.choice(NUM_TOKENS // NEEDLE - 1, 3, replace=False)
        for place, needle in zip(places, needles, strict=True):
            row[place : place + NEEDLE] = needle
        row[-NEEDLE:] = needles[0]
    return tokens
