"""The argument PATTERN: a file, a trial of a study, a baseline by its name, or the pattern of the target itself."""

from argparse import Namespace
from pathlib import Path

from nas.costs.native import NATIVE, native_pattern
from nas.costs.target import Target
from nas.errors import InputError, StudyError, unknown
from nas.patterns.file import load_pattern
from nas.patterns.model import ModelPattern
from nas.results.study import StudyReader
from nas.space.baselines import BASELINES
from nas.space.needs import Lack
from nas.space.sensitivity import Sensitivity
from nas.space.space import Shape

_REMEDIES: dict[Lack, tuple[str, str]] = {
    "grid": ("a grid", "Add --grid ROWSxCOLUMNS."),
    "causal": ("a causal model", "Leave --bidirectional out."),
    "bidirectional": ("a bidirectional model", "Add --bidirectional."),
}
"""For everything that a baseline can lack: its name, and the argument that provides it."""


def read_pattern(args: Namespace, num_tokens: int, target: Target | None = None) -> ModelPattern:
    """The pattern that the arguments of `nas.cli.verb.add_pattern` name.

    Args:
        args: `pattern`, and the shape of a baseline: `layers`, `heads`, `grid`, `bidirectional`.
        num_tokens: the length that a baseline is scaled to, in tokens; a grid has its own length.
        target: the model whose pattern `native` is; None if the command has none.

    Raises:
        NasError: there is no such file, study or trial; the trial has no pattern; the baseline does not fit the shape;
            or a shape was given for a pattern that has its own.
    """
    text: str = args.pattern
    if text in BASELINES and not Path(text).exists():
        return _baseline(args, num_tokens)
    given = [name for name in ("layers", "heads", "grid", "bidirectional") if getattr(args, name)]
    if given:
        remedy = f"Baselines: {', '.join(BASELINES)}."
        raise InputError(f"--{given[0]}", "must go with the name of a baseline", text, remedy)
    path = Path(text)
    if text == NATIVE and not path.exists():
        return _native(target, num_tokens)
    if path.is_dir() or (not path.exists() and StudyReader(Path("runs", text)).config.is_file()):
        remedy = f"For a trial of a study write {text or 'STUDY'}#TRIAL."
        raise InputError("PATTERN", "must be a file, STUDY#TRIAL or a baseline", text, remedy)
    if not path.exists() and "#" in text:
        return _trial_pattern(text)
    if not path.exists() and path.name == text and not path.suffix:
        raise unknown("PATTERN", text, BASELINES, "file or baseline")
    return load_pattern(text)


def _native(target: Target | None, num_tokens: int) -> ModelPattern:
    if target is None:
        remedy = "Add --target gemma-3-12b-32k, say, to nas cost."
        raise InputError("PATTERN", "needs a target, whose own pattern it is", NATIVE, remedy)
    return native_pattern(target, num_tokens)


def _trial_pattern(text: str) -> ModelPattern:
    study, _, number = text.rpartition("#")
    if not (study and number.isascii() and number.isdecimal()):
        raise InputError("PATTERN", "must be STUDY#TRIAL with the number of a trial, such as quick#7", text)
    folder = StudyReader.existing(study)
    trial = folder.trial(int(number))
    if trial.pattern is None:
        raise StudyError(f"PATTERN: trial {number} of {folder.path} has no pattern ({trial.reason}).")
    return trial.pattern


def _baseline(args: Namespace, num_tokens: int) -> ModelPattern:
    num_layers, num_heads = args.layers or 2, args.heads or 4
    num_tokens = args.grid[0] * args.grid[1] if args.grid else num_tokens
    shape = Shape(
        num_layers=num_layers,
        num_heads=num_heads,
        num_tokens=num_tokens,
        causal=not args.bidirectional,
        grid=args.grid,
        context=True,
        sensitivity=Sensitivity.unknown(num_layers, num_heads, num_tokens),
    )
    baseline = BASELINES[args.pattern]
    lack = baseline.needs.lack(shape)
    if lack is not None:
        needed, remedy = _REMEDIES[lack]
        raise InputError("PATTERN", f"needs {needed}", args.pattern, remedy)
    return baseline(shape)
