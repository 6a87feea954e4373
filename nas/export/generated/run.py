"""Running a generated module, to read its masks; only for source that nas wrote itself."""

from typing import Any

from nas.export.contract.masks import Reading
from nas.patterns.arrays import Flags, Positions


def run_module(source: str, name: str) -> dict[str, Any]:
    """The names that a module defines, by running it.

    Args:
        source: source that nas generated, in which nothing from outside is code.
        name: name of the module.
    """
    module: dict[str, Any] = {"__name__": name}
    exec(compile(source, f"{name}.py", "exec"), module)
    return module


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
