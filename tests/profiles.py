"""Small builders of profiles."""

from typing import Any

from nas.results.profile import Phase, Profile, ProfileConditions


def conditions(phase: Phase = "prefill", **changes: Any) -> ProfileConditions:
    """Two layers of four heads on 64 tokens, with one thread."""
    fields: dict[str, Any] = {
        "phase": phase,
        "num_tokens": 64,
        "num_layers": 2,
        "num_heads": 4,
        "num_kv_heads": 4,
        "d_model": 32,
        "d_head": 8,
        "device": "any",
        "dtype": "float32",
        "num_threads": 1,
        "torch": "any",
    }
    return ProfileConditions(**(fields | changes))


def make_profile(pattern_id: str = "0123456789abcdef", **changes: Any) -> Profile:
    """10 ms and 1 MiB, for any pattern."""
    fields: dict[str, Any] = {
        "pattern_id": pattern_id,
        "conditions": conditions(),
        "latency_ms": 10.0,
        "latency_iqr_ms": 0.5,
        "num_repeats": 5,
        "peak_memory_bytes": 1 << 20,
    }
    return Profile(**(fields | changes))
