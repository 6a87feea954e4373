"""A pretrained decoder that attends as a pattern says."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nas.errors import InputError
from nas.patterns.head import HeadPattern
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full
from nas.pretrained.attention_plug import OnHeads, Plug, as_it_came, plug_into
from nas.pretrained.branches import Branches
from nas.pretrained.dimensions import Dimensions
from nas.pretrained.layer_states import LayerStates
from nas.pretrained.loading import load_model
from nas.pretrained.source import find_checkpoint
from nas.proxy.training.precision import precision_on
from nas.results.phase import PatternPhase

TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 0.1, torch.float16: 0.02}
"""Largest difference of two logits of one model and two ways to attend, as a share of the largest logit."""

STATE_BYTES = 2**30
"""States between layers that are kept for patterns to come, in bytes."""

LogitsAt = Callable[[Tensor], Tensor]
"""The logits, float32, shape (batch, places, vocabulary), at some places of the tokens that are being read."""


@dataclass(slots=True, eq=False)
class Decoder:
    """A model, its sizes, and what it attends to.

    Args:
        folder: where it was loaded from.
        model: of transformers, in evaluation mode, its weights frozen.
        dimensions: its sizes.
        device: where it is.
        plug: what it attends to.
        states: what is known between its layers.
    """

    folder: Path
    model: Any
    dimensions: Dimensions
    device: torch.device
    plug: Plug
    states: LayerStates

    @classmethod
    def load(
        cls, name: str, *, device: str = "cpu", backend: str = "auto", dtype: torch.dtype | None = None
    ) -> "Decoder":
        """A decoder with full attention in every layer.

        Args:
            name: a folder or a model on the hub; see `nas.pretrained.source.find_checkpoint`.
            device: cpu, cuda or cuda:N.
            backend: how attention runs; see `nas.attention.module.attend`.
            dtype: type of its weights and arithmetic, whatever its files have; None for what is fast on the device:
                bfloat16 on a GPU, float32 on a CPU.

        Raises:
            InputError: it is no decoder that patterns can be plugged into, or its files are unsafe or damaged.
        """
        folder = find_checkpoint(name)
        model = load_model(folder).to(device, dtype or getattr(torch, precision_on(device)))
        gated = any(part.endswith(("gate_proj", "gate_up_proj")) for part, _ in model.named_modules())
        dimensions = Dimensions.read(model.config, Path(name).name, gated_mlp=gated)
        plug, states = plug_into(model), LayerStates(list(_layers(model, dimensions.num_layers)), STATE_BYTES)
        decoder = cls(folder, model, dimensions, torch.device(device), plug, states)
        decoder.plug.backend = backend
        decoder.attend_fully()
        return decoder

    def attend_as(self, pattern: ModelPattern, phase: PatternPhase = "both") -> None:
        """Attend as a pattern says from now on.

        Args:
            pattern: with the model's layers and query heads; `check_fit` has let it pass.
            phase: where it is used; for one phase alone, `plug.num_prompt` says where a sequence's prompt ends.
        """
        self.plug.heads = tuple(layer.head_patterns() for layer in pattern.layers)
        self.plug.phase = phase

    def attend_fully(self) -> None:
        """Attend to everything from now on, as the model was trained to."""
        full = HeadPattern((Full(),))
        self.plug.heads = ((full,) * self.dimensions.num_heads,) * self.dimensions.num_layers
        self.plug.phase = "both"

    def logits(self, tokens: Tensor, on_heads: OnHeads | None = None) -> Tensor:
        """What the model says.

        Args:
            tokens: int64, shape (batch, tokens), without padding.
            on_heads: told of every layer's queries and keys.

        Returns:
            float32, shape (batch, tokens, vocabulary).
        """
        self.plug.on_heads = on_heads
        try:
            logits: Tensor = self.model(input_ids=tokens.to(self.device), use_cache=False).logits
            return logits.float()
        finally:
            self.plug.on_heads = None

    @torch.no_grad()
    def check(self, tokens: Tensor) -> None:
        """Refuse a model that full attention through the plug makes say something else than it says by itself.

        Args:
            tokens: int64, shape (1, tokens), as many as will be scored.

        Raises:
            InputError: its own attention is not full at this length, or a layer has none that can be replaced.
        """
        seen: list[int] = []
        self.attend_fully()
        ours = self.logits(tokens, lambda layer, query, key: seen.append(layer))
        if sorted(seen) != list(range(self.dimensions.num_layers)):
            layers = self.dimensions.num_layers
            allowed = f"must attend once in each of its {layers} layers, by transformers' AttentionInterface"
            raise InputError("checkpoint", allowed, f"attention in layers {sorted(set(seen))}")
        with as_it_came(self.model):
            theirs = self.logits(tokens)
        apart = ((ours - theirs).abs().max() / theirs.abs().max()).item()
        if not apart <= TOLERANCE.get(self.model.dtype, TOLERANCE[torch.float32]):
            allowed = f"must attend fully by itself at {tokens.shape[1]} tokens, so that patterns have a reference"
            came = f"{self.model.config.model_type}, whose logits differ by {apart:.2g} of the largest one"
            raise InputError(
                "checkpoint", allowed, came, "Lower task.num_tokens to what its layers see, if they are local."
            )

    @contextmanager
    def reading(
        self, tokens: Tensor, branches: Branches | None = None, *, share: bool, keep: bool = True
    ) -> Iterator[LogitsAt]:
        """Sequences as they are read under the present pattern: layers are run once, however many logits are asked for.

        Args:
            tokens: int64, shape (batch, tokens), without padding.
            branches: how several endings are laid out; None where there is one.
            share: whether states between layers are those that another pattern has left; only while the weights stay
                as they are.
            keep: whether they are then left for others.
        """
        tokens = tokens.to(self.device)
        asked: dict[str, Any] = {"input_ids": tokens, "use_cache": False}
        if branches is not None:
            asked["position_ids"] = branches.positions().to(self.device).expand(len(tokens), -1)
        batch = (blake2b(tokens.cpu().numpy().tobytes()).digest(), branches) if share else None
        some = "logits_to_keep" in inspect.signature(self.model.forward).parameters

        def logits_at(places: Tensor) -> Tensor:
            if some:
                logits: Tensor = self.model(**asked, logits_to_keep=places).logits
            else:
                logits = self.model(**asked).logits[:, places]
            return logits.float()

        self.plug.branches = branches
        try:
            with self.states.of(batch, self.plug.heads if share else (), keep=share and keep):
                yield logits_at
        finally:
            self.plug.branches = None


def _layers(model: Any, num_layers: int) -> nn.ModuleList:
    """The list of the model's layers, each of which has attention inside.

    Raises:
        InputError: it has none of this length.
    """
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == num_layers and all(map(_attends, module)):
            return module
    allowed = f"must hold its {num_layers} layers in one list, each with attention"
    raise InputError("checkpoint", allowed, model.config.model_type)


def _attends(layer: nn.Module) -> bool:
    return any(isinstance(getattr(module, "layer_idx", None), int) for module in layer.modules())
