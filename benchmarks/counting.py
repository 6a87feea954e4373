"""What counting a pattern costs, as a multiple of one pass over its tokens, in one run.

    python benchmarks/counting.py --tokens 1048576

For each union: CPU time of `count_pairs` for one head, beside one `cumsum` over as many int64 numbers. Both take turns,
and medians are shown. A count in O(n) has a ratio that stays where it is when the sequence gets longer. What
`count_pairs` remembers is left out; the table of a union with random blocks is kept, since a search
makes it once for all heads.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from math import isqrt

import numpy as np

from nas.patterns.counting.pairs import count_pairs
from nas.patterns.head import HeadPattern
from nas.patterns.primitives import Block, Columns, Global, Neighborhood, Random, Stride, Stripe, Tile, Window

UNIONS = (
    (Window(255), Global(4)),
    (Window(255), Global(4), Stride(64)),
    (Block(128), Columns(128, 8)),
    (Window(255, dilation=4), Global(4)),
    (Window(63), Global(64), Random(64, 3)),
    (Stripe("column", 16), Global(4)),
    (Neighborhood(13, 13), Tile(16, 16)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, nargs="+", default=[65_536, 1_048_576], metavar="N", help="squares")
    parser.add_argument("--repeats", type=int, default=5, metavar="R")
    options = parser.parse_args()
    print("| union | tokens | CPU ms | times one pass |")
    print("|---|---|---|---|")
    for union in UNIONS:
        for num_tokens in options.tokens:
            side = isqrt(num_tokens)
            grid = (side, side) if any(isinstance(one, Stripe | Tile | Neighborhood) for one in union) else None
            head = HeadPattern(union, grid=grid)
            counting, passing = medians(head, num_tokens, options.repeats)
            kinds = " + ".join(one.kind for one in union)
            print(f"| {kinds} | {num_tokens:,} | {1000 * counting:.1f} | {counting / passing:.0f} |")


def medians(head: HeadPattern, num_tokens: int, repeats: int) -> tuple[float, float]:
    """CPU seconds of counting and of one pass over the tokens."""
    numbers = np.arange(num_tokens)
    counted = count_pairs.__wrapped__  # without its memory
    pairs = [(cpu_seconds(lambda: counted(head, num_tokens)), cpu_seconds(numbers.cumsum)) for _ in range(repeats)]
    counting, passing = zip(*pairs, strict=True)
    return statistics.median(counting), statistics.median(passing)


def cpu_seconds(action: Callable[[], object]) -> float:
    start = time.process_time()
    action()
    return time.process_time() - start


if __name__ == "__main__":
    main()
