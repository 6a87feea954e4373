"""A Ray cluster for tests: nodes on this machine, with a token of their own, and nothing of the user's."""

from collections.abc import Iterator
from typing import Any

import pytest
from ray._raylet import Config  # type: ignore[attr-defined]
from ray.cluster_utils import Cluster

SMALLEST_STORE_BYTES = 80 * 2**20


@pytest.fixture(scope="session")
def ray_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Ray reads its token from a file of the tests, and sends nothing about its use."""
    token = tmp_path_factory.mktemp("ray") / "token"
    token.write_text("0123456789abcdef" * 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_TOKEN_PATH", str(token))
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        Config.initialize("")  # Ray reads its variables when it is imported
        yield


@pytest.fixture(scope="module")
def cluster(ray_token: None) -> Iterator[Cluster]:
    """A node with four pretended GPUs, to which a test may add others."""
    made = Cluster(initialize_head=True, head_node_args=node(num_gpus=4))
    yield made
    made.shutdown()


def node(num_gpus: int) -> dict[str, Any]:
    """The arguments of a node."""
    return {
        "num_cpus": 4,
        "num_gpus": num_gpus,
        "object_store_memory": SMALLEST_STORE_BYTES,
        "include_dashboard": False,
        "node_ip_address": "127.0.0.1",
    }
