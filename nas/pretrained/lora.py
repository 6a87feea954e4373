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
from nas.pretrained.library import library
from nas.proxy.settings import TrainingSettings
from nas.proxy.state.tensor_file import read_tensors, write_tensors
from nas.proxy.training.schedule import branch_start, learning_rate_share
from nas.tasks.task import Batch, Task

SCHEMA = "nas.adapters/1"

BETAS = (0.9, 0.95)

ALPHA_PER_RANK = 2
"""Scale of the adapters: lora_alpha as a multiple of the rank."""


class Adapters:
    """Low-rank adapters on every matrix of a decoder's layers, and the AdamW that trains them.

    Args:
        decoder: holds them; see `lora_adapters`.
        training: how they are trained.

    Source: Hu et al. 2021 (LoRA), section 4.1; Loshchilov and Hutter 2019 (AdamW).
    """

    def __init__(self, decoder: Decoder, training: TrainingSettings) -> None:
        self._decoder, self._training = decoder, training
        self._weights = {name: one for name, one in decoder.model.named_parameters() if one.requires_grad}
        self._optimizer = torch.optim.AdamW(
            self._weights.values(), lr=training.learning_rate, betas=BETAS, weight_decay=training.weight_decay
        )
        self.step = 0
        self.train_loss = math.nan

    def train(self, task: Task, until_step: int, rung: int | None, data_seed: int, on_step: Callable[[], None]) -> bool:
        """Go on along the trunk, or down a branch.

        Args:
            task: what is learnt.
            until_step: where to stop, in optimiser steps.
            rung: where the branch ends; None on the trunk.
            data_seed: seed of the stream of batches.
            on_step: called after every step.

        Returns:
            False if a loss or a gradient was no longer finite; the training ends there.
        """
        losses = []
        while self.step < until_step:
            share = learning_rate_share(self.step, self._training, rung)
            for group in self._optimizer.param_groups:
                group["lr"] = share * self._training.learning_rate
            self._optimizer.zero_grad()
            loss = _mean_loss(self._decoder, task.train_batch(self.step, self._training.batch_size, data_seed))
            loss.backward()  # type: ignore[no-untyped-call]
            norm = nn.utils.clip_grad_norm_(list(self._weights.values()), self._training.gradient_clip)
            if not torch.isfinite(loss) or not torch.isfinite(norm):
                return False
            self._optimizer.step()
            losses.append(loss.item())
            self.step += 1
            on_step()
        self.train_loss = sum(losses) / len(losses) if losses else self.train_loss
        return True

    def save(self, path: Path) -> None:
        """Write weights, moments and step, whole or not at all."""
        document = {
            "schema": SCHEMA,
            "step": self.step,
            "train_loss": self.train_loss,
            "weights": {name: one.detach().cpu() for name, one in self._weights.items()},
            "optimizer": self._optimizer.state_dict(),
        }
        write_tensors(document, path)

    def load(self, path: Path) -> bool:
        """Go on from a file, unless it is not there, damaged or another model's: then nothing changes."""
        try:
            document = read_tensors(path, SCHEMA)
            saved = document["weights"]
            if saved.keys() != self._weights.keys():
                return False
            optimizer, step, train_loss = document["optimizer"], document["step"], document["train_loss"]
        except (InputError, LookupError, AttributeError):
            return False
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(saved[name])
        self._optimizer.load_state_dict(optimizer)
        self.step, self.train_loss = step, train_loss
        return True


@contextmanager
def lora_adapters(decoder: Decoder, rank: int, seed: int, training: TrainingSettings) -> Iterator[Adapters]:
    """Adapters that change nothing yet; they are gone afterwards, and the decoder is as it was.

    Args:
        decoder: gets them.
        rank: of the adapters.
        seed: draws their first weights.
        training: how they are trained.

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
        yield Adapters(decoder, training)
    finally:
        decoder.model = wrapped.unload().requires_grad_(False)


def tune(
    adapters: Adapters,
    task: Task,
    rung: int,
    training: TrainingSettings,
    *,
    data_seed: int,
    trunk: Path | None,
    on_step: Callable[[], None],
) -> bool:
    """Train adapters to a rung, along the trunk and down the branch that ends there.

    Args:
        adapters: fresh ones, or where an earlier call left the trunk.
        task: what is learnt.
        rung: where to stop, in optimiser steps.
        training: how.
        data_seed: seed of the stream of batches.
        trunk: where the end of the trunk is kept, for later rungs; None to keep nothing.
        on_step: called after every step.

    Returns:
        False if the training diverged.
    """
    start = branch_start(rung, training)
    if not adapters.train(task, start, None, data_seed, on_step):
        return False
    if trunk is not None and start:
        adapters.save(trunk)
    return adapters.train(task, rung, rung, data_seed, on_step)


def _mean_loss(decoder: Decoder, batch: Batch) -> Tensor:
    """Cross-entropy, in nats per scored token."""
    logits = decoder.logits(batch.tokens)
    return functional.cross_entropy(logits.flatten(0, 1), batch.targets.to(decoder.device).flatten())
