"""`nas cost`: the cost of a pattern; nothing is trained."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from math import prod

from nas.cli.verb import Verb, add_pattern, sequence_length
from nas.errors import NasError

_PHASES = {
    "prefill": ("pairs", "tiles", "attention_flops", "tile_flops", "forward_flops"),
    "decode": ("decode_pairs", "kv_cache_bytes"),
    "training": ("train_flops", "activation_bytes"),
    "model": ("num_parameters",),
}
"""What each number of a cost is a cost of, in the order in which they are printed."""


def _add_arguments(parser: ArgumentParser) -> None:
    add_pattern(parser)
    parser.add_argument(
        "--tokens", metavar="N", type=sequence_length, help="sequence length (default: the target's, or the grid's)"
    )
    parser.add_argument(
        "--target",
        metavar="T",
        default="proxy",
        help="the model to count for, a name in conf/target/ (default: a small model of the pattern's own shape)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object; ratio_to_full holds the shares of full attention"
    )


def _act(args: Namespace) -> int:
    from nas.cli.pattern_argument import read_pattern
    from nas.config.target import load_target
    from nas.costs.counting import cost_with_ratio
    from nas.costs.target import proxy_target

    target = load_target(args.target)
    own_length: int | None = target.num_tokens if target else prod(args.grid) if args.grid else None
    num_tokens: int | None = args.tokens or own_length
    if num_tokens is None:
        raise NasError("--tokens: must be given, as neither --target nor --grid sets a length. Add --tokens 4096, say.")
    pattern = read_pattern(args, num_tokens)
    if target is None:
        target = proxy_target(num_layers=pattern.num_layers, num_heads=pattern.num_heads, num_tokens=num_tokens)
    cost, ratio = cost_with_ratio(pattern, target, args.tokens)
    if args.json:
        print(json.dumps({**cost.to_dict(), "ratio_to_full": ratio}, indent=2))
    else:
        _print_lines(cost.to_dict(), ratio)
    return 0


def _print_lines(cost: Mapping[str, int], ratio: Mapping[str, float]) -> None:
    from nas.report.quantities import format_quantity, format_ratio
    from nas.results.cost import UNITS

    print(f"{'num_tokens':<18} {cost['num_tokens']:>18,}")
    for phase, names in _PHASES.items():
        print(phase)
        for name in names:
            unit = UNITS[name]
            shown = format_quantity(cost[name], unit) if unit else f"{cost[name]:,}"
            print(f"  {name:<16} {shown:>18}  {format_ratio(ratio[name]):>7} of full attention")


VERB = Verb(
    name="cost",
    summary="Count the cost of a pattern, also as a share of full attention; nothing is trained",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas cost pattern.json --tokens 4096", "a small model of the pattern's own shape"),
        ("nas cost quick#7 --target llama-3-8b-32k", "a real model, at its own length"),
        ("nas cost quick#7 --tokens 8192 --json", "for a program"),
    ),
)
