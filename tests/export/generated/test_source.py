"""The source of a generated module: layers that share functions, constants, and names from outside."""

from msgspec.structs import replace

from nas.export.formats import FORMATS
from nas.export.generated.run import run_module
from nas.export.generated.source import as_tuple, has_grid
from nas.patterns.layer import HeadGroup
from nas.patterns.model import ModelPattern
from nas.patterns.primitives import Full, Tile, Window
from nas.results.bundle import ExportSettings
from nas.results.codec import from_document
from nas.results.provenance import MadeWith, Provenance
from tests.fronts import make_front, make_provenance
from tests.supported_patterns import load_module, provenance_of


def test_layers_that_attend_alike_share_one_function():
    alike = (HeadGroup(2, (Window(3),)),)
    layers = load_module("flex", ModelPattern.of([alike, (HeadGroup(2, (Full(),)),), alike]))["LAYERS"]
    assert layers[0] is layers[2] and layers[0] is not layers[1]


def test_a_tuple_of_one_has_its_comma():
    assert [eval(f"({as_tuple(items)})") for items in (["1"], ["1", "2"])] == [(1,), (1, 2)]


def test_only_a_mask_on_the_grid_needs_it():
    flat, on_grid = (ModelPattern.of([(HeadGroup(1, (one,)),)], grid=(4, 6)) for one in (Full(), Tile(2, 3)))
    assert (has_grid(flat), has_grid(on_grid)) == (False, True)
    assert "ROWS" not in load_module("flex", flat)
    assert (load_module("flex", on_grid)["ROWS"], load_module("flex", on_grid)["COLUMNS"]) == (4, 6)


HOSTILE = 'x"""\nraise SystemExit("run")\n\'\'\'{0}{pattern_id}%s\\'


def test_names_from_outside_stay_inside_string_literals():
    pattern = ModelPattern.of([(HeadGroup(1, (Window(3),)),)])
    front = make_front(versions={HOSTILE: HOSTILE}, corpus_hash=None, provenance=make_provenance(task=HOSTILE))
    made_with = MadeWith.of(front)
    provenance = replace(provenance_of(pattern), study=HOSTILE, baseline=HOSTILE, made_with=made_with)
    files = FORMATS["flex"].write(pattern, provenance, ExportSettings())
    module = run_module(files["attention_pattern.py"], "attention_pattern")  # type: ignore[arg-type]
    assert module["PROVENANCE"]["study"] == HOSTILE
    origin = module["PROVENANCE"]["made_with"]
    assert (origin["versions"], origin["task"], origin["corpus_hash"]) == ({HOSTILE: HOSTILE}, HOSTILE, None)
    assert from_document(module["PROVENANCE"], Provenance) == provenance
