"""Sizes of the proxy model and of its training."""

from dataclasses import dataclass, field

from nas.errors import InputError


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
    """

    num_layers: int = 2
    num_heads: int = 4
    d_model: int = 64
    mlp_ratio: int = 4
    token_shift: bool = False


@dataclass(kw_only=True, slots=True)
class TrainingSettings:
    """How each proxy is trained.

    Args:
        num_steps: optimiser steps to the last rung.
        num_rungs: rungs at which scores are taken, the last one at the end; with more than one, halving decides who
            is trained on from each.
        rung_ratio: a rung's steps as a multiple of those of the rung before, 2 or more.
        batch_size: sequences a step.
        learning_rate: peak of the schedule.
        warmup_steps: steps in which the learning rate rises linearly; the same for every rung.
        cooldown_share: share of the steps to a rung in which the learning rate falls to 0, above 0 and up to 1.
        weight_decay: AdamW's decoupled decay, on matrices only.
        gradient_clip: largest gradient norm, taken for each member by itself.
        test_lengths: lengths at which every rung is validated besides, each as a multiple of the training length, 2 or
            more; a length that a pattern or a task cannot have is left out.
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
        if any(times < 2 for times in self.test_lengths) or len(set(self.test_lengths)) < len(self.test_lengths):
            allowed = "must hold different whole numbers of 2 or more, multiples of task.num_tokens"
            raise InputError("training.test_lengths", allowed, self.test_lengths)
