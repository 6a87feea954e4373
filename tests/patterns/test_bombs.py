"""Small files that ask for a lot: each is counted and drawn, or refused in one line, with little memory and time."""

import json
import os
import subprocess
import sys

SELF = {"kind": "window", "before": 0}
BIG = 2**31 - 1
PRIMES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47]


def model(*attend, count=1, layers=1, **changes):
    layer = {"heads": [{"count": count, "attend": list(attend)}]}
    return {"schema": "nas.pattern/1", "causal": True, "layers": [layer] * layers} | changes


def on_grid(*attend, side=64):
    return model(*attend, causal=False, grid=[side, side])


def around(number):
    """Neighborhoods of which none is inside another."""
    return [{"kind": "neighborhood", "height": 2 * i + 1, "width": 2 * (number - i) + 1} for i in range(number)]


def tiles(number):
    return [{"kind": "tile", "height": i + 2, "width": 17 - i, "shift_row": i} for i in range(number)]


BOMBS = {
    "15 neighborhoods": (on_grid(*around(15)), 4096, None),
    "64 neighborhoods": (on_grid(*around(64)), 4096, None),
    "15 tiles": (on_grid(*tiles(15)), 4096, "at most 512 different intersections"),
    "15 strides": (model(*({"kind": "stride", "every": one} for one in PRIMES)), 65536, "different intersections"),
    "64 blocks": (model(*({"kind": "block", "tokens": 5000 + i, "shift": i} for i in range(64))), 65536, None),
    "65 blocks": (model(*({"kind": "block", "tokens": 5000 + i} for i in range(65))), 64, "at most 64 entries"),
    "5 blocks, long": (
        model(*({"kind": "block", "tokens": 5000 + i, "shift": i} for i in range(5))),
        2**24,
        "fewer shapes to be counted at 16,777,216 tokens",
    ),
    "random": (model(SELF, {"kind": "random", "block": 1, "blocks": BIG}), 65536, "each random block counted as one"),
    "63 random blocks": (model(SELF, {"kind": "random", "block": 1, "blocks": 63}), 65536, None),
    "stride in tall boxes": (
        model({"kind": "stride", "every": 2}, {"kind": "stripe", "axis": "column", "width": 1}, grid=[4096, 1024]),
        2**22,
        "fewer shapes",
    ),
    "largest numbers": (
        model({"kind": "window", "before": BIG, "dilation": BIG}, {"kind": "stride", "every": BIG}),
        65536,
        None,
    ),
    "largest tile": (on_grid({"kind": "tile", "height": BIG, "width": BIG, "shift_row": BIG}), 4096, None),
    "largest rank": (model({"kind": "low_rank", "rank": BIG}, causal=False), 65536, None),
    "largest selection": (model({"kind": "select", "block": BIG, "blocks": BIG}), 65536, None),
    "a huge grid": (model(SELF, grid=[2**40, 2**40]), 4096, "each from 1 to 4096"),
    "many heads": (model(SELF, count=65536), 4096, "must be 512 or less"),
    "many layers": (model(SELF, layers=100_000), 4096, "at most 512 entries"),
    "a long name": (model({"kind": "x" * 10**7}), 4096, "unknown kind"),
    "a long key": (model({"y" * 10**7: 1} | SELF), 4096, "unknown key"),
}
TEXTS = {
    "deep": ('{"schema":' * 10**5, 64, "must hold JSON"),
    "a long number": (json.dumps(model(SELF)).replace("0}", "9" * 5000 + "}"), 64, "must hold JSON"),
    "a large file": ('{"layers":[' + "0," * 2**23, 64, "at most 16,777,216 bytes"),
    "many empty objects": ('{"layers":[' + "{}," * 5 * 10**6 + "{}]}", 64, "must have the key 'schema'"),
}

RUN = """
import json, os, resource, sys
import nas.cli.pattern_argument, nas.config.target, nas.costs.counting, nas.patterns.drawing.text
from nas.cli.main import main

answers = []
for words in json.load(sys.stdin):
    read, write = os.pipe()
    if not (child := os.fork()):
        resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))  # a net for machines that are slow, not a claim of speed
        for descriptor in (1, 2):
            os.dup2(write, descriptor)
        code = main(words)
        sys.stdout.flush()
        os._exit(code)
    os.close(write)
    with open(read, encoding="utf-8") as pipe:
        text = pipe.read()
    answers.append((words, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), text))
json.dump(answers, sys.stdout)
"""


def test_bombs_are_counted_and_drawn_or_refused_in_one_line(tmp_path):
    commands, expected = [], []
    texts = {name: (json.dumps(document), *rest) for name, (document, *rest) in BOMBS.items()} | TEXTS
    for number, (text, num_tokens, refusal) in enumerate(texts.values()):
        path = tmp_path / f"{number}.json"
        path.write_text(text)
        commands += [["cost", str(path), "--tokens", str(num_tokens)], ["draw", str(path)]]
        expected += [refusal, ""]
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, "-c", RUN], input=json.dumps(commands), capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stderr
    for (words, code, out), refusal in zip(json.loads(done.stdout), expected, strict=True):
        assert code in (0, 2), (words, code, out)
        if refusal != "":
            assert code == (2 if refusal else 0), (words, out)
        if code == 2:
            assert out.startswith("nas: error: ") and out.count("\n") == 1 and len(out) < 600, (words, out)
            assert (refusal or "") in out, (words, out)
