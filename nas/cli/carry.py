"""`nas carry`: the same choices at another sequence length, or in a whole target."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from nas.cli.verb import Verb, add_pattern, sequence_length, some_path
from nas.errors import InputError


def _add_arguments(parser: ArgumentParser) -> None:
    add_pattern(parser)
    parser.add_argument(
        "--from",
        dest="from_tokens",
        metavar="N",
        type=sequence_length,
        help="the length that the pattern was made for, in tokens (default: what its file or its study says)",
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
        "share of the length, or as so many tokens; and how layers are, by depth, period or ends (docs/patterns.md)",
    )
    parser.add_argument(
        "--out", metavar="JSON", type=some_path, help="write the pattern file there; an older one is replaced"
    )


def _act(args: Namespace) -> int:
    from nas.cli.pattern_argument import read_pattern
    from nas.config.target import load_target
    from nas.files import write_json
    from nas.patterns.carry import carried
    from nas.patterns.file import MadeFor, pattern_document
    from nas.patterns.label import label_lines
    from nas.patterns.primitives.scale import CarryRules
    from nas.patterns.stretch import stretched

    target = load_target(args.target) if args.target else None
    from_tokens = args.from_tokens or _own_length(args.pattern)
    to_tokens = target.num_tokens if target else args.to_tokens
    if to_tokens is None:
        raise InputError("--target", "must be a target with a length of its own", args.target, "Or write --to N.")
    pattern = read_pattern(args, from_tokens)
    rules = CarryRules(**dict(args.rule))
    found, roundings = carried(pattern, from_tokens, to_tokens, rules)
    if target is not None:
        found = stretched(found, target.num_layers, target.num_heads, rules.layers)
    for line in label_lines(found, 100):
        print(line)
    for one in roundings:
        print(f"rounded {one.where}: {one.size} of {from_tokens:,} tokens would be {one.exact:.4g}, is {one.rounded}")
    if args.out is not None:
        made_for = MadeFor(num_tokens=to_tokens, carried_from=from_tokens, carry=rules)
        write_json(args.out, pattern_document(found, made_for))
        print(args.out)
    return 0


def _own_length(pattern: str) -> int:
    """The length that a pattern says it was made for, in tokens: that of its file, or of its study."""
    from nas.patterns.file import load_made_for
    from nas.results.study import StudyReader

    if Path(pattern).is_file():
        made_for = load_made_for(pattern)
        if made_for is None:
            raise InputError(
                "--from", "must be given for a pattern file without made_for", None, "Add --from 128, say."
            )
        return made_for.num_tokens
    study, mark, _ = pattern.rpartition("#")
    if not mark:
        raise InputError("--from", "must be given for a baseline", None, "Add --from 128, say.")
    length: int = StudyReader.existing(study).front().provenance.pattern_tokens
    return length


def _rule(text: str) -> tuple[str, str]:
    from nas.patterns.primitives.scale import RULES

    kind, _, rule = text.partition("=")
    if rule not in RULES.get(kind, ()):
        allowed = ", ".join(f"{kind}={'|'.join(rules)}" for kind, rules in RULES.items())
        raise ArgumentTypeError(f"must be one of {allowed}, got {text!r}")
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
