"""A short fine-tuning of a decoder under a pattern: low-rank adapters on frozen weights."""

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from nas.errors import InputError
from nas.pretrained.decoder import Decoder
from nas.pretrained.loading import library
from nas.proxy.settings import TrainingSettings
from nas.proxy.state.tensor_file import read_tensors, write_tensors
from nas.proxy.training.data import as_tensors
from nas.proxy.training.schedule import learning_rate_share
from nas.tasks.task import Batch, Task

SCHEMA = "nas.adapters/1"

BETAS = (0.9, 0.95)

ALPHA_PER_RANK = 2
"""Scale of the adapters: lora_alpha as a multiple of the rank."""


class Adapters:
    """Low-rank adapters on every matrix of a decoder's layers, and the AdamW that trains them.

    Args:
        decoder: holds them; see `lora_adapters`.
        task: what is learned.
        training: how they are trained.
        data_seed: seed of the stream of batches.

    Source: Hu et al. 2021 (LoRA), section 4.1; Loshchilov and Hutter 2019 (AdamW).
    """

    def __init__(self, decoder: Decoder, task: Task, training: TrainingSettings, data_seed: int) -> None:
        self._decoder, self._task, self._training, self._data_seed = decoder, task, training, data_seed
        self._weights = {name: one for name, one in decoder.model.named_parameters() if one.requires_grad}
        self._optimizer = torch.optim.AdamW(
            self._weights.values(), lr=training.learning_rate, betas=BETAS, weight_decay=training.weight_decay
        )
        self._alive = True
        self.step = 0

    def any_alive(self) -> bool:
        """False once a loss or a gradient was not finite: then they train no further."""
        return self._alive

    def train(self, until_step: int, rung: int | None, on_step: Callable[[], None]) -> float:
        """Go on along the trunk, or down a branch, unless they have diverged.

        Args:
            until_step: where to stop, in optimiser steps.
            rung: where the branch ends; None on the trunk.
            on_step: called after every step.

        Returns:
            the mean loss of these steps, in nats per scored token; NaN for no step.
        """
        losses = []
        while self._alive and self.step < until_step:
            share = learning_rate_share(self.step, self._training, rung)
            for group in self._optimizer.param_groups:
                group["lr"] = share * self._training.learning_rate
            self._optimizer.zero_grad()
            batch = self._task.train_batch(self.step, self._training.batch_size, self._data_seed)
            loss = _mean_loss(self._decoder, batch)
            loss.backward()  # type: ignore[no-untyped-call]
            norm = nn.utils.clip_grad_norm_(list(self._weights.values()), self._training.gradient_clip)
            self._alive = bool(torch.isfinite(loss) and torch.isfinite(norm))
            if self._alive:
                self._optimizer.step()
                losses.append(loss.item())
                self.step += 1
                on_step()
        return sum(losses) / len(losses) if losses else math.nan

    def save(self, path: Path) -> None:
        """Write weights, moments and step, whole or not at all."""
        document = {
            "schema": SCHEMA,
            "step": self.step,
            "alive": self._alive,
            "weights": {name: one.detach().cpu() for name, one in self._weights.items()},
            "optimizer": self._optimizer.state_dict(),
        }
        write_tensors(document, path)

    def load(self, path: Path, step: int) -> bool:
        """Go on from a file that `save` wrote at a step.

        Returns:
            False if it is not there, damaged, of another step or another model's; then nothing changes.
        """
        try:
            document = read_tensors(path, SCHEMA)
            saved, optimizer, alive = document["weights"], document["optimizer"], document.get("alive", True)
            if saved.keys() != self._weights.keys() or document["step"] != step:
                return False
        except (InputError, LookupError, AttributeError):
            return False
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(saved[name])
        self._optimizer.load_state_dict(optimizer)
        self.step, self._alive = step, alive
        return True


@contextmanager
def lora_adapters(
    decoder: Decoder, rank: int, seed: int, task: Task, training: TrainingSettings, data_seed: int
) -> Iterator[Adapters]:
    """Adapters that change nothing yet; they are gone afterwards, and the decoder is as it was.

    Args:
        decoder: gets them.
        rank: of the adapters.
        seed: draws their first weights.
        task: what they learn.
        training: how they are trained.
        data_seed: seed of the stream of batches.

    Raises:
        NasError: the peft library is not installed.
    """
    peft = library("peft")
    config = peft.LoraConfig(
        r=rank, lora_alpha=ALPHA_PER_RANK * rank, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    frozen = decoder.model
    with torch.random.fork_rng(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning)  # peft asks transformers by an older name
        torch.manual_seed(seed)
        wrapped = peft.get_peft_model(frozen, config)
    decoder.model = wrapped
    try:
        yield Adapters(decoder, task, training, data_seed)
    finally:
        decoder.model = wrapped.unload().requires_grad_(False)


def _mean_loss(decoder: Decoder, batch: Batch) -> Tensor:
    """Cross-entropy, in nats per scored token."""
    tokens, targets, _ = as_tensors(batch, decoder.device)
    return functional.cross_entropy(decoder.logits(tokens).flatten(0, 1), targets.flatten())
