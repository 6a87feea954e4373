"""The phases of a model's work; a module of its own, since `nas cost --help` must load nothing else."""

from typing import Literal

Phase = Literal["prefill", "decode", "train"]
"""What is run: a forward pass over the prompt, one decoding step with a full cache, or a forward and backward pass."""

PatternPhase = Literal["both", "prefill", "decode"]
"""Where a pattern is used: everywhere, only while the prompt is read, or only after it; elsewhere attention is full."""
