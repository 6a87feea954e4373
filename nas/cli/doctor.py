"""`nas doctor`: versions, devices, W&B, corpus and configuration of this installation."""

import json
import os
import platform
from argparse import ArgumentParser, Namespace

from nas.cli.verb import Verb

_WIDTH = 80

PACKAGES = ("nas-attention", "torch", "lightning", "optuna", "hydra-core", "wandb", "numpy")

Finding = str | int | list[str] | None
Findings = dict[str, Finding]


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _act(args: Namespace) -> int:
    findings = _findings()
    if args.json:
        print(json.dumps(findings, indent=2))
        return 0
    for part, values in findings.items():
        print(part.replace("_", " "))
        for name, value in values.items():
            for line in _lines(name.replace("_", " "), _shown(value)):
                print(line)
    return 0


def _findings() -> dict[str, Findings]:
    from nas.config.folder import find_conf

    return {
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in PACKAGES}},
        "devices": _devices(),
        "weights_and_biases": _tracking(),
        "default_corpus": _corpus(),
        "configuration": {"folder": str(find_conf())},
    }


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _devices() -> Findings:
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {"cpu_cores": cores, "torch_threads": torch.get_num_threads(), "cuda_devices": gpus}


def _tracking() -> Findings:
    from nas.config.settings import RunSettings

    has_key = bool(os.environ.get("WANDB_API_KEY", "").strip())
    return {"default_mode": RunSettings().tracking.mode, "key_in_environment": has_key}


def _corpus() -> Findings:
    from nas.tasks.language.corpus import read_stdlib

    corpus = read_stdlib()
    return {
        "source": corpus.source,
        "files": len(corpus.documents),
        "bytes": corpus.num_bytes,
        "sha256": corpus.fingerprint,
    }


def _lines(name: str, value: str) -> list[str]:
    """One line, or two where both do not fit."""
    line = f"  {name:<16} {value}"
    return [line] if len(line) <= _WIDTH else [f"  {name}", f"    {value}"]


def _shown(value: Finding) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return f"{value:,}" if isinstance(value, int) else str(value)


VERB = Verb(
    name="doctor",
    summary="Describe this installation: versions, devices, W&B, corpus, configuration",
    add_arguments=_add_arguments,
    act=_act,
    examples=(("nas doctor", "as text"), ("nas doctor --json", "for a program, or a bug report")),
)
