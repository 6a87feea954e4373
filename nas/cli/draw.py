"""`nas draw`: a pattern as a map of layers by heads and its masks, or as a picture of the masks."""

from argparse import ArgumentParser, Namespace

from nas.cli.verb import Verb, add_pattern, some_path, whole_number
from nas.errors import InputError
from nas.ranges import MOST_DRAWN_TOKENS


def _add_arguments(parser: ArgumentParser) -> None:
    add_pattern(parser)
    parser.add_argument(
        "--tokens",
        metavar="N",
        type=_drawn_length,
        help=f"sequence length to draw, at most {MOST_DRAWN_TOKENS} (default: 32 as text, 64 as a picture, more where "
        "a window would look full there; that of the grid, if there is one)",
    )
    parser.add_argument(
        "--out", metavar="PNG", type=some_path, help="write a picture there instead; an older one is replaced"
    )


def _act(args: Namespace) -> int:
    from nas.cli.pattern_argument import read_pattern
    from nas.patterns.drawing.layout import drawn_length
    from nas.patterns.drawing.model_map import draw_map
    from nas.patterns.drawing.text import draw_text

    if args.out is not None and args.out.suffix.lower() != ".png":
        raise InputError("--out", "must be the path of a .png file", str(args.out))
    num_tokens = args.tokens or (32 if args.out is None else 64)
    pattern = read_pattern(args, num_tokens)
    if args.tokens is None:
        num_tokens = drawn_length(pattern, num_tokens)
        if pattern.grid and num_tokens > MOST_DRAWN_TOKENS:
            raise InputError("grid", f"must have at most {MOST_DRAWN_TOKENS} places to be drawn", list(pattern.grid))
    if args.out is None:
        print(f"{draw_map(pattern)}\n{draw_text(pattern, num_tokens)}", end="")
    else:
        from nas.patterns.drawing.picture import draw_picture  # matplotlib takes as long as all other imports

        draw_picture(pattern, args.out, num_tokens)
        print(args.out)
    return 0


def _drawn_length(text: str) -> int:
    return whole_number(text, 1, MOST_DRAWN_TOKENS)


VERB = Verb(
    name="draw",
    summary="Draw a pattern: the model as a map of layers by heads, then its masks, or a picture of them",
    add_arguments=_add_arguments,
    act=_act,
    examples=(
        ("nas draw pattern.json", "in the terminal"),
        ("nas draw quick#7 --tokens 256 --out trial-7.png", "a picture of trial 7 of the study quick"),
        ("nas draw cswin --grid 8x8 --bidirectional --out cswin.png", "a baseline (docs/gallery.md)"),
    ),
)
