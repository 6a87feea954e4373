"""The precision that proxies are trained in."""

from typing import Literal

import torch

Precision = Literal["float32", "bfloat16"]


def precision_on(device: str) -> Precision:
    """The type of most of a proxy's arithmetic; its weights and their updates are float32 everywhere.

    Scores of two precisions differ by more than rounding in the last digit, so it decides a training run, as the kind
    of device does.

    Args:
        device: cpu, cuda or cuda:N.
    """
    return "bfloat16" if torch.device(device).type == "cuda" else "float32"
