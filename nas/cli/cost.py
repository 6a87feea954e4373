"""`nas cost`: the cost of a pattern, counted and with --measure timed; nothing is trained."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, get_args

from nas.cli.verb import Verb, add_pattern, grid_sides, sequence_length
from nas.errors import NasError
from nas.results.phase import Phase

if TYPE_CHECKING:
    from nas.costs.target import Target

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
        help="the model to count for: a name in conf/target/ or the path of a model's config.json; its own pattern is "
        "the PATTERN native (default: a small model of the pattern's own shape)",
    )
    parser.add_argument(
        "--block",
        metavar="B",
        type=sequence_length,
        help="queries, and keys, of a tile (default: the target's)",
    )
    parser.add_argument(
        "--grid-tile",
        metavar="RxC",
        type=grid_sides,
        help="rows and columns of the tiles into which the tokens of a grid are permuted, R * C tokens each",
    )
    parser.add_argument(
        "--measure",
        action="store_true",
        help="also measure time and memory of the attention on this machine's GPU or CPU",
    )
    parser.add_argument(
        "--phase",
        choices=get_args(Phase),
        help="what --measure runs: a forward pass, one decoding step, or a training step (default: each)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object; ratio_to_full holds shares of full attention"
    )


def _act(args: Namespace) -> int:
    if args.phase and not args.measure:
        raise NasError(f"--phase: must go with --measure, got {args.phase!r} alone. Add --measure.")
    from nas.cli.pattern_argument import read_pattern
    from nas.config.target import load_target
    from nas.costs.counting import cost_with_ratio
    from nas.costs.target import proxy_target
    from nas.patterns.counting.tiles import most_tokens

    target = load_target(args.target)
    own_length: int | None = target.num_tokens if target else prod(args.grid) if args.grid else None
    num_tokens: int | None = args.tokens or own_length
    if num_tokens is None:
        raise NasError("--tokens: must be given, as neither --target nor --grid sets a length. Add --tokens 4096, say.")
    pattern = read_pattern(args, num_tokens, target)
    if args.grid_tile and pattern.grid is None:
        raise NasError("--grid-tile: must go with a pattern on a grid, got one on a sequence. Leave it out.")
    if target is None:
        target = proxy_target(num_layers=pattern.num_layers, num_heads=pattern.num_heads, num_tokens=num_tokens)
    target = _with_tiles(target, args.block, args.grid_tile)
    cost, ratio = cost_with_ratio(pattern, target, args.tokens)
    document = {**cost.to_dict(), "ratio_to_full": ratio}
    if not args.json:
        _print_lines(cost.counted, ratio, f"not counted beyond {most_tokens(target.block):,} tokens")
    if args.measure:
        from nas.cli.measured_cost import EXPLANATION, measure_costs, print_measured
        from nas.results.codec import to_document

        measured = []
        for one in measure_costs(pattern, target, num_tokens, _phases(args, pattern.causal)):
            measured.append(one)
            if not args.json:
                print_measured(one)
        document["measured"] = to_document(measured)
        if not args.json:
            print(EXPLANATION)
    if args.json:
        print(json.dumps(document, indent=2))
    return 0


def _with_tiles(target: "Target", block: int | None, grid_tile: tuple[int, int] | None) -> "Target":
    """The target with the tiles that were asked for; those of a grid say how many tokens a block has."""
    if grid_tile is not None:
        return replace(target, block=block or prod(grid_tile), grid_tile=list(grid_tile))
    return target if block is None else replace(target, block=block, grid_tile=None)


def _phases(args: Namespace, causal: bool) -> list[Phase]:
    """The phase that was named, or all that there are; a bidirectional model does not decode."""
    return [args.phase] if args.phase else [phase for phase in get_args(Phase) if causal or phase != "decode"]


def _print_lines(cost: Mapping[str, int], ratio: Mapping[str, float], missing: str) -> None:
    from nas.report.quantities import format_quantity, format_ratio
    from nas.results.cost import UNITS

    print(f"{'num_tokens':<18} {cost['num_tokens']:>18,}")
    for phase, names in _PHASES.items():
        print(phase)
        for name in names:
            if name not in cost:
                print(f"  {name:<16} {missing}")
                continue
            unit = UNITS[name]
            shown = format_quantity(cost[name], unit) if unit else f"{cost[name]:,}"
            print(f"  {name:<16} {shown:>18}  {format_ratio(ratio[name]):>7} of full attention")


VERB = Verb(
    name="cost",
    summary="Count, and if asked measure, the cost of a pattern, also as a share of full attention; nothing is trained",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas cost pattern.json --tokens 4096", "a small model of the pattern's own shape"),
        ("nas cost quick#7 --target llama-3.1-8b-32k", "a real model, at its own length"),
        ("nas cost quick#7 --target my-model/config.json --tokens 8192", "a model that you have"),
        ("nas cost native --target gemma-3-12b-32k", "the pattern that a model was published with"),
        ("nas cost quick#7 --tokens 4096 --measure", "with time and memory on this machine"),
        ("nas cost quick#7 --tokens 8192 --json", "for a program"),
    ),
)
