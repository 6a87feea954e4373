"""`nas verify`: an exported bundle read back and compared with its pattern."""

from argparse import ArgumentParser, Namespace
from textwrap import fill

from nas.cli.verb import Verb, output_width, some_path


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("bundle", metavar="BUNDLE", type=some_path, help="a folder that nas export wrote")


def _act(args: Namespace) -> int:
    from nas.export import verify_bundle

    verified = verify_bundle(args.bundle)
    print(f"{args.bundle}: {verified.format}, pattern {verified.pattern_id}")
    width = output_width()
    for check in verified.checks:
        for compared in check.compared:
            print(fill(f"equal, read by {check.by}: {compared}", width, subsequent_indent="  "))
    if verified.unchecked:
        print(fill(f"not read by the format's own library: {verified.unchecked}", width, subsequent_indent="  "))
    return 0


VERB = Verb(
    name="verify",
    summary="Read an exported bundle back, also with the format's own library if installed, and compare",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas verify chosen", "the outcome is also written to chosen/verification.json"),
        ("nas verify all/trial-00012", "one point of a front"),
    ),
)
