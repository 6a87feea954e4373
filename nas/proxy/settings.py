"""Sizes of the proxy model and of its training."""

import math
from dataclasses import dataclass, field

from nas.costs.target import ProxyTarget, proxy_target
from nas.errors import InputError
from nas.ranges import check_range

LEAST_STEPS = 2
"""Steps of the lowest of several rungs: one of the trunk and one of the branch."""

MOST_TIMES = 64
"""Longest test, as a multiple of the training length: memory grows with it."""


@dataclass(kw_only=True, slots=True)
class ProxySettings:
    """The small Transformer that stands in for the real one.

    Args:
        num_layers: layers.
        num_heads: heads a layer.
        d_model: width of the residual stream, in features; a multiple of 2 * num_heads (RoPE rotates pairs).
        mlp_ratio: width of the MLP as a multiple of d_model.
        token_shift: mix each token with the one before it in front of the first layer, so that one
            layer can do associative recall (Based; docs/tasks.md).
        convolution_tokens: width of a short causal convolution, feature by feature, that is added to the input of each
            layer's attention, in tokens; 0 for none, 4 as in Canon layers (docs/proxy.md).
        rope_base: longest wavelength of RoPE as a multiple of 2 pi, in tokens (10,000 in Su et al. 2021).

    Raises:
        InputError: a size is out of range, or d_model does not fit num_heads.
    """

    num_layers: int = 2
    num_heads: int = 4
    d_model: int = 64
    mlp_ratio: int = 4
    token_shift: bool = False
    convolution_tokens: int = 0
    rope_base: float = 10_000.0

    def __post_init__(self) -> None:
        for name in ("num_layers", "num_heads", "mlp_ratio"):
            check_range(f"proxy.{name}", getattr(self, name), least=1, most=4096)
        check_range("proxy.d_model", self.d_model, least=1, most=2**20)
        check_range("proxy.convolution_tokens", self.convolution_tokens, least=0, most=64)
        check_range("proxy.rope_base", self.rope_base, least=1, below=math.inf)
        if self.d_model % (2 * self.num_heads):
            allowed = f"must be a multiple of {2 * self.num_heads} (2 * proxy.num_heads)"
            nearest = max(1, round(self.d_model / (2 * self.num_heads))) * 2 * self.num_heads
            raise InputError("proxy.d_model", allowed, self.d_model, f"The nearest is {nearest}.")

    def target(self, num_tokens: int, vocab_size: int) -> ProxyTarget:
        """The proxy itself as the model that costs are counted for.

        Args:
            num_tokens: sequence length n, in tokens.
            vocab_size: entries of the vocabulary.
        """
        return proxy_target(
            num_layers=self.num_layers,
            num_heads=self.num_heads,
            d_model=self.d_model,
            mlp_ratio=self.mlp_ratio,
            num_tokens=num_tokens,
            vocab_size=vocab_size,
        )


@dataclass(kw_only=True, slots=True)
class TrainingSettings:
    """How each proxy is trained.

    Args:
        num_steps: optimiser steps to the last rung.
        num_rungs: rungs at which scores are taken, the last one at the end; with more than one, halving decides what
            is promoted from each.
        rung_ratio: a rung's steps as a multiple of those of the rung before, 2 or more.
        batch_size: sequences a step.
        learning_rate: peak of the schedule.
        warmup_steps: steps in which the learning rate rises linearly; the same for every rung.
        cooldown_share: share of the steps to a rung in which the learning rate falls to 0, above 0 and up to 1.
        weight_decay: AdamW's decoupled decay, on matrices only.
        gradient_clip: largest gradient norm, for each member separately.
        test_lengths: longer lengths at which every rung is also validated, each as a multiple of the training length, 2
            or more; a length that a pattern or a task cannot have is left out.

    Raises:
        InputError: a number is out of range, or there are more rungs than num_steps has room for.
    """

    num_steps: int = 400
    num_rungs: int = 1
    rung_ratio: int = 2
    batch_size: int = 16
    learning_rate: float = 4e-3
    warmup_steps: int = 40
    cooldown_share: float = 0.2
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    test_lengths: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        check_range("training.num_steps", self.num_steps, least=1)
        check_range("training.num_rungs", self.num_rungs, least=1, most=16)
        check_range("training.rung_ratio", self.rung_ratio, least=2)
        check_range("training.batch_size", self.batch_size, least=1)
        check_range("training.learning_rate", self.learning_rate, above=0, below=math.inf)
        check_range("training.warmup_steps", self.warmup_steps, least=0)
        check_range("training.cooldown_share", self.cooldown_share, above=0, most=1)
        check_range("training.weight_decay", self.weight_decay, least=0, below=math.inf)
        check_range("training.gradient_clip", self.gradient_clip, above=0, below=math.inf)
        self._check_rungs()
        self._check_test_lengths()

    def _check_rungs(self) -> None:
        most = 1
        while self.num_steps >= LEAST_STEPS * self.rung_ratio**most:
            most += 1
        if self.num_rungs > most:
            allowed = f"must be at most {most}, so that the lowest rung has {LEAST_STEPS} steps or more"
            remedy = (
                f"training.num_steps is {self.num_steps} and training.rung_ratio {self.rung_ratio}: "
                "raise the one or lower the other."
            )
            raise InputError("training.num_rungs", allowed, self.num_rungs, remedy)

    def _check_test_lengths(self) -> None:
        if any(times < 2 for times in self.test_lengths) or len(set(self.test_lengths)) < len(self.test_lengths):
            allowed = "must hold different whole numbers of 2 or more, multiples of task.num_tokens"
            raise InputError("training.test_lengths", allowed, self.test_lengths)
        if any(times > MOST_TIMES for times in self.test_lengths):
            raise InputError("training.test_lengths", f"must be at most {MOST_TIMES} each", self.test_lengths)
