from tests.cli.conftest import study  # noqa: F401  the folder of an ended study
