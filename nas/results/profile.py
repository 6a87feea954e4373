"""The profile of a pattern: its attention as the clock and the allocator of one device see it."""

from typing import Literal

from nas.results.codec import Value

Phase = Literal["prefill", "decode", "train"]
"""What is run: a forward pass over the prompt, one decoding step with a full cache, or a forward and backward pass."""


class ProfileConditions(Value, frozen=True, kw_only=True):
    """Everything that decides a profile, except the pattern; only profiles of equal conditions can be compared.

    Args:
        phase: what is run.
        num_tokens: sequence length n, in tokens; while decoding, the length that the cache is for.
        num_layers: layers of the target.
        num_heads: query heads per layer.
        num_kv_heads: key-value heads per layer, which only decoding reads unrepeated.
        d_model: width of the residual stream, in features; decides the width of relative positions.
        d_head: width of a head, in features.
        device: name of the GPU or the processor.
        dtype: of all tensors, as torch calls it.
        num_threads: CPU threads that torch may use.
        torch: version of torch.
    """

    phase: Phase
    num_tokens: int
    num_layers: int
    num_heads: int
    num_kv_heads: int
    d_model: int
    d_head: int
    device: str
    dtype: str
    num_threads: int
    torch: str

    def differences(self, other: "ProfileConditions") -> list[str]:
        """`num_threads: was 2, now 1` for everything in which another one differs."""
        names = [name for name in self.__struct_fields__ if getattr(self, name) != getattr(other, name)]
        return [f"{name}: was {getattr(self, name)!r}, now {getattr(other, name)!r}" for name in names]


class Profile(Value, frozen=True, kw_only=True):
    """What the attention core of all layers takes for one sequence (batch of 1); docs/costs.md says what is inside.

    Args:
        pattern_id: id of the pattern, 16 hexadecimal digits.
        conditions: what it was measured under.
        latency_ms: the sum over layers of each one's median time, in milliseconds.
        latency_iqr_ms: the sum over layers of each one's interquartile range, in milliseconds.
        num_repeats: timed runs behind each median.
        peak_memory_bytes: the most that is allocated at once, inputs included, in bytes.
    """

    pattern_id: str
    conditions: ProfileConditions
    latency_ms: float
    latency_iqr_ms: float
    num_repeats: int
    peak_memory_bytes: int
