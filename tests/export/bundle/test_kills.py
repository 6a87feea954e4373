"""A killed export leaves no bundle that is taken for a whole one."""

from pathlib import Path

import pytest

from nas.errors import InputError
from nas.export import export_points
from nas.export.bundle.loading import load_bundle
from tests.fault_points import content_of, restore, states_of
from tests.supported_patterns import SETTINGS, example_point


def export(folder: Path, name: str) -> None:
    export_points([example_point(name)], name, folder, settings=SETTINGS[name], force=True)


@pytest.mark.parametrize("before", [None, ("pattern", "flex"), ("flex", "flashinfer")])
def test_what_a_killed_export_leaves_is_whole_or_no_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: tuple[str, str] | None
) -> None:
    """Into an empty folder, over a bundle of another format, and over one of another pattern."""
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.chdir(out)  # its files are opened by their names in it
    if before:
        format_name, example = before
        export_points([example_point(example)], format_name, out)
    old = content_of(out)
    states = states_of(out, lambda: export(out, "flex"))
    new = content_of(out)
    assert len(states) > 2 * len(new), "every file is written and renamed"
    for number, state in enumerate(states):
        folder = tmp_path / f"killed-{number}"
        restore(state, folder)
        visible = {name: content for name, content in state.items() if not name.startswith(".")}
        if "bundle.json" in visible:
            load_bundle(folder)
            assert visible in (old, new)
        else:
            with pytest.raises(InputError, match="Name a folder that nas export wrote"):
                load_bundle(folder)
        if number % 5 == 0:  # which takes longer than all the rest
            export(folder, "flex")
            assert content_of(folder) == new, "nothing is left over"
