"""Running generated modules, to read their masks; only for source that nas wrote itself."""

import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from nas.export.contract.masks import Reading
from nas.patterns.arrays import Flags, Positions


def run_module(source: str, name: str) -> dict[str, Any]:
    """The names that a module defines, by running it.

    Args:
        source: source that nas generated, in which nothing from outside is code.
        name: name of the module.
    """
    return run_modules({name: source})[name]


def run_modules(sources: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The names that each of several modules defines, by running them in turn.

    Args:
        sources: by name of the module; see `run_module`. Each may import those before it, which can be imported only
            while this runs.
    """
    modules = {name: ModuleType(name) for name in sources}
    before = {name: sys.modules[name] for name in sources if name in sys.modules}
    try:
        for name, source in sources.items():
            exec(compile(source, f"{name}.py", "exec"), vars(modules[name]))
            sys.modules[name] = modules[name]
    finally:
        for name in sources:
            sys.modules.pop(name, None)
        sys.modules.update(before)
    return {name: vars(module) for name, module in modules.items()}


def read_module(source: str, name: str) -> Reading:
    """The masks of a module, by running it; see `run_module`."""
    import torch  # the module needs it too, but exports to other formats do not

    module = run_module(source, name)

    def rows(layer: int, query: Positions, num_tokens: int) -> Flags:
        num_heads = module["NUM_HEADS"]
        head = torch.arange(num_heads)[:, None, None]
        mask_mod = module["mask_mod"](layer, num_tokens)
        seen = mask_mod(torch.zeros_like(head), head, torch.from_numpy(query)[:, None], torch.arange(num_tokens))
        visible: Flags = seen.expand(num_heads, len(query), num_tokens).numpy()
        return visible

    return Reading(rows=rows)
