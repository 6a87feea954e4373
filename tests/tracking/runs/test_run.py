"""A run as plain data."""

import base64
import json
from base64 import b64encode

from nas.tracking import worker
from nas.tracking.runs.run import Artifact, Picture, Plot, Run, Table

RUN = Run(
    id="abc",
    name="study",
    group="study",
    job_type="study",
    config={"seed": 1},
    history=((1, {"hypervolume": 0.5}), (2, {"hypervolume": 0.75})),
    summary={"num_trials": 2},
    tables={"front": Table(columns=["trial", "quality"], rows=[[1, 2.5]])},
    plots={"front_flops": Plot(kind="scatter", table="front", x="trial", y="quality", title="a title")},
    pictures={"front_picture": Picture.of(b"PNG")},
    artifacts=(Artifact.of("front", "pareto-front", {"front.json": b"{}"}),),
)


def test_the_worker_gets_what_its_own_types_describe() -> None:
    """It cannot import `Run`, so its types repeat the fields."""
    document = RUN.to_dict()
    assert document.keys() == worker.Content.__annotations__.keys()
    assert document["tables"]["front"].keys() == worker.Table.__annotations__.keys()
    assert document["plots"]["front_flops"].keys() == worker.Plot.__annotations__.keys()
    assert document["pictures"]["front_picture"].keys() == worker.Picture.__annotations__.keys()
    assert document["artifacts"][0].keys() == worker.Artifact.__annotations__.keys()


def test_a_run_survives_json() -> None:
    document = json.loads(json.dumps(RUN.to_dict()))
    assert document["history"] == [[1, {"hypervolume": 0.5}], [2, {"hypervolume": 0.75}]]
    assert document["tables"]["front"] == {"columns": ["trial", "quality"], "rows": [[1, 2.5]]}
    assert document["artifacts"][0]["files"] == {"front.json": b64encode(b"{}").decode()}
    assert base64.b64decode(document["pictures"]["front_picture"]["png"]) == b"PNG"


def test_what_a_run_lacks_is_empty() -> None:
    bare = Run(id="abc", name="x", group="study", job_type="trial", config={}).to_dict()
    assert not any(bare[name] for name in ("history", "summary", "tables", "tags", "plots", "pictures", "artifacts"))
