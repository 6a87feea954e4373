"""What a member shows at a rung."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RungScore:
    """The end of a branch, validated.

    Args:
        quality: the task's metric on the validation set, in its unit.
        train_loss: mean training loss over the branch, in nats per scored token.
    """

    quality: float
    train_loss: float
