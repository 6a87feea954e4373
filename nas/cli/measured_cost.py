"""The measured part of `nas cost`: what a pattern and full attention take on this machine."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import fill

import torch

from nas.costs.counting import full_pattern
from nas.costs.target import Target
from nas.patterns.model import ModelPattern
from nas.profiling.conditions import check_profilable, profile_conditions
from nas.profiling.profiler import Profiler
from nas.report.measured_costs import describe
from nas.report.quantities import format_quantity, format_ratio
from nas.results.codec import Value
from nas.results.objective import PROFILED
from nas.results.phase import Phase
from nas.results.profile import Profile

_WIDTH = 80

EXPLANATION = "\n± = interquartile range of the repeats, summed over layers."


class MeasuredCost(Value, frozen=True, kw_only=True):
    """A profile, and its share of full attention's, measured in turns with it.

    Args:
        profile: of the pattern.
        ratio_to_full: its measured costs as shares, by name.
    """

    profile: Profile
    ratio_to_full: dict[str, float]


def measure_costs(
    pattern: ModelPattern, target: Target, num_tokens: int, phases: Sequence[Phase]
) -> Iterator[MeasuredCost]:
    """What a pattern takes on the GPU, or on the CPU where there is none, phase by phase as it is measured.

    What is being measured is said on stderr: full attention to a long sequence takes its time.

    Args:
        pattern: any; it is stretched to the target's layers and heads.
        target: the model; its own length is ignored.
        num_tokens: sequence length n, in tokens.
        phases: what is run, one after the other.

    Raises:
        InputError: a phase does not go with the pattern, or full attention does not fit into the memory.
        MemoryError: the pattern does not.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    sized = replace(target, num_tokens=num_tokens)
    conditions = [profile_conditions(sized, phase, device, torch.get_num_threads()) for phase in phases]
    for one in conditions:
        check_profilable(one, device, causal=pattern.causal)
    both = [pattern, full_pattern(pattern)]
    for one in conditions:
        print(f"measuring full attention and the pattern: {describe(one)}", file=sys.stderr, flush=True)
        yield _shares(*Profiler(one, device).profiles(both))


def print_measured(cost: MeasuredCost) -> None:
    """The lines of one phase."""
    profile, ratio = cost.profile, cost.ratio_to_full
    print("\n" + fill(f"Measured: {describe(profile.conditions)}", _WIDTH, subsequent_indent="  "))
    shown = {
        "latency_ms": " ± ".join(format_quantity(one, "ms") for one in (profile.latency_ms, profile.latency_iqr_ms)),
        "peak_memory_bytes": format_quantity(profile.peak_memory_bytes, PROFILED["peak_memory_bytes"]),
    }
    for name, value in shown.items():
        print(f"{name:<17} {value:>23}  {format_ratio(ratio[name]):>7} of full attention", flush=True)


def _shares(own: Profile, full: Profile) -> MeasuredCost:
    shares = {name: getattr(own, name) / getattr(full, name) for name in PROFILED}
    return MeasuredCost(profile=own, ratio_to_full=shares)
