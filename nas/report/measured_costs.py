"""What a front says of costs that were measured on a device: where, how exactly, and what counted costs say of them."""

from collections.abc import Sequence
from itertools import groupby
from statistics import median

from nas.report.objective_labels import label
from nas.results.front import CostAgreement, Front
from nas.results.profile import ProfileConditions


def measured_cost_lines(front: Front) -> list[str]:
    """Sentences about the device, the spread, and Spearman's rho with counted costs; none if nothing was measured."""
    entries = (*front.points, *front.baselines)
    profiles = [entry.profile for entry in entries if entry.profile is not None]
    if not profiles:
        return []
    spread = median(profile.latency_iqr_ms / profile.latency_ms for profile in profiles)
    ranks = [_ranks(measured, tuple(own)) for measured, own in groupby(front.cost_agreement, lambda one: one.measured)]
    told = [f"Measured: {describe(profiles[0].conditions)}; the middle half of the times spreads by {spread:.0%}."]
    if any(ranks):
        num_patterns = front.cost_agreement[0].num_patterns
        told.append(f"Spearman's rho over {num_patterns} patterns: {'; '.join(filter(None, ranks))}.")
    return told


def _ranks(measured: str, agreements: Sequence[CostAgreement]) -> str:
    """`latency as attention FLOPs 0.93, KV cache 0.61`; empty if it, or every counted cost, is the same for all."""
    known = [f"{label(one.counted)} {one.rho:.2f}" for one in agreements if one.rho is not None]
    return f"{label(measured)} as {', '.join(known)}" if known else ""


def describe(conditions: ProfileConditions) -> str:
    """`prefill of 4,096 tokens, attention of 2 layers of 4 heads, on AMD EPYC, 1 thread, float32, torch 2.13.0`."""
    what = {"prefill": "prefill of", "decode": "one decoding step after", "train": "a training step on"}
    threads = "1 thread" if conditions.num_threads == 1 else f"{conditions.num_threads} threads"
    return (
        f"{what[conditions.phase]} {conditions.num_tokens:,} tokens, attention of {conditions.num_layers} layers of "
        f"{conditions.num_heads} heads, on {conditions.device}, {threads}, {conditions.dtype}, torch {conditions.torch}"
    )
