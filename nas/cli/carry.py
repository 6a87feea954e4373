"""`nas carry`: the same choices at another sequence length, or in a whole target."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import fields
from pathlib import Path
from typing import get_args

from nas.cli.verb import Verb, add_pattern, sequence_length, some_path
from nas.errors import InputError


def _add_arguments(parser: ArgumentParser) -> None:
    add_pattern(parser)
    parser.add_argument(
        "--from",
        dest="from_tokens",
        metavar="N",
        type=sequence_length,
        help="the length that the pattern was made for, in tokens (default: that of the study, for STUDY#TRIAL)",
    )
    to = parser.add_mutually_exclusive_group(required=True)
    to.add_argument("--to", dest="to_tokens", metavar="N", type=sequence_length, help="the other length, in tokens")
    to.add_argument(
        "--target", metavar="T", help="a name in conf/target/, whose length, layers and heads the pattern gets"
    )
    parser.add_argument(
        "--rule",
        metavar="KIND=RULE",
        type=_rule,
        action="append",
        default=[],
        help="how one kind of size is carried (repeatable): window, first, stride, block, rank or memory; as a "
        "share of the length, or as so many tokens (docs/patterns.md)",
    )
    parser.add_argument(
        "--out", metavar="JSON", type=some_path, help="write the pattern file there; an older one is replaced"
    )


def _act(args: Namespace) -> int:
    from nas.cli.pattern_argument import read_pattern
    from nas.config.target import load_target
    from nas.files import write_json
    from nas.patterns.carry import carried
    from nas.patterns.label import label_lines
    from nas.patterns.primitives.scale import CarryRules
    from nas.patterns.stretch import stretched

    target = load_target(args.target) if args.target else None
    from_tokens = args.from_tokens or _study_length(args.pattern)
    to_tokens = target.num_tokens if target else args.to_tokens
    if to_tokens is None:
        raise InputError("--target", "must be a target with a length of its own", args.target, "Or write --to N.")
    pattern = read_pattern(args, from_tokens)
    found, roundings = carried(pattern, from_tokens, to_tokens, CarryRules(**dict(args.rule)))
    if target is not None:
        found = stretched(found, target.num_layers, target.num_heads)
    for line in label_lines(found, 100):
        print(line)
    for one in roundings:
        print(f"rounded {one.where}: {one.size} of {from_tokens:,} tokens would be {one.exact:.4g}, is {one.rounded}")
    if args.out is not None:
        write_json(args.out, found.to_dict())
        print(args.out)
    return 0


def _study_length(pattern: str) -> int:
    """The length of the study whose trial is named, in tokens."""
    from nas.results.study import StudyReader

    study, mark, _ = pattern.rpartition("#")
    if not mark or Path(pattern).exists():
        raise InputError("--from", "must be given unless PATTERN is STUDY#TRIAL", None, "Add --from 128, say.")
    length: int = StudyReader.existing(study).front().provenance.pattern_tokens
    return length


def _rule(text: str) -> tuple[str, str]:
    from nas.patterns.primitives.scale import CarryRules, Rule

    kind, _, rule = text.partition("=")
    kinds = [field.name for field in fields(CarryRules)]
    if kind not in kinds or rule not in get_args(Rule):
        raise ArgumentTypeError(f"must be {'|'.join(kinds)}={'|'.join(get_args(Rule))}, got {text!r}")
    return kind, rule


VERB = Verb(
    name="carry",
    summary="Carry a pattern to another sequence length, or to a whole target",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas carry quick#7 --target llama-3-8b-32k --out pattern.json", "a trial's choices in 32 layers of 32,768"),
        ("nas carry pattern.json --from 128 --to 4096", "what its windows are there"),
        ("nas carry longformer --from 4096 --to 512 --rule window=tokens", "as wide windows on shorter sequences"),
    ),
)
