import json

from nas.evaluation.measurement import CurvePoint, Measurement, Outcome


def test_a_measurement_survives_json() -> None:
    measurement = Measurement(
        seed=3,
        learning_rate=4e-3,
        outcome=Outcome.DIVERGED,
        quality=None,
        curve=(CurvePoint(100, 0.1 + 0.2, 1 / 3),),
        wall_seconds=1.5,
    )
    assert Measurement.from_dict(json.loads(json.dumps(measurement.to_dict()))) == measurement
