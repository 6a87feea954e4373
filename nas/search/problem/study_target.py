"""The target of a study: the model that costs are counted for."""

from dataclasses import asdict, replace

from nas.costs.target import Target, TargetOptions
from nas.errors import InputError
from nas.patterns.counting.tiles import most_tokens
from nas.search.settings import StudySettings
from nas.tasks.task import Task


def study_target(settings: StudySettings, own: Target, task: Task) -> Target:
    """The target that the settings name; without one, the study's own model with the options that they set.

    Args:
        settings: of the study.
        own: the model whose patterns are searched, as a target.
        task: the task that gives the study its shape.

    Raises:
        InputError: the target cannot hold the task's grid, tiles cannot be searched by on it, or those of a grid are
            set where there is none.
    """
    target = _chosen(settings.target, own)
    if task.grid and target.num_tokens != task.num_tokens:
        allowed = f"must be {task.num_tokens}, the tokens of the task's grid of {task.grid[0]} x {task.grid[1]}"
        raise InputError("target.num_tokens", allowed, target.num_tokens, "Use target=proxy.")
    if target.grid_tile is not None and not task.grid:
        allowed = "must be null, since the task has no grid whose tokens could be permuted"
        raise InputError("target.grid_tile", allowed, target.grid_tile, "Leave it out, or choose a task of images.")
    if "tile_flops" in settings.objectives:
        _check_tiles("objectives", target)
    if settings.constraints.tile_ratio is not None:
        _check_tiles("constraints.tile_ratio", target)
    return target


def _chosen(chosen: Target | TargetOptions | None, own: Target) -> Target:
    if isinstance(chosen, Target):
        return chosen
    return own if chosen is None else replace(own, **asdict(chosen))


def _check_tiles(where: str, target: Target) -> None:
    """Refuse to search by tiles that tell nothing, are too many to count, or do not fill the sequence.

    Args:
        where: the setting that names tiles.
        target: the model whose tiles are counted.
    """
    block, num_tokens, most = target.block, target.num_tokens, most_tokens(target.block)
    if num_tokens <= block:
        allowed = f"must leave tiles out, since all patterns have one tile of {block} x {block} in each head"
        remedy = "Lower target.block, or choose a longer target, such as target=llama-3-8b-32k."
    elif num_tokens > most:
        allowed = f"must leave tiles out, since those of {block} x {block} are counted up to {most:,} tokens"
        remedy = "Lower target.num_tokens, or raise target.block."
    elif num_tokens % block and target.grid_tile is None:
        allowed = f"must leave tiles out, since target.block={block} does not divide the length"
        remedy = "Choose a block that does, or another length: a shorter last tile would count as a whole one."
    else:
        return
    raise InputError(where, allowed, f"{num_tokens} tokens", remedy)
