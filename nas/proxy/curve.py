"""What validation showed on the way."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One validation on the way.

    Args:
        step: optimiser steps done.
        quality: the task's metric on the validation set, in its unit.
        train_loss: mean training loss since the point before, in nats per scored token.
    """

    step: int
    quality: float
    train_loss: float
