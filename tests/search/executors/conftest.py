"""A Ray cluster for tests: nodes on this machine, with a token of their own, and nothing of the user's."""

from collections.abc import Iterator
from typing import Any

import pytest
from ray._raylet import Config  # type: ignore[attr-defined]
from ray.cluster_utils import Cluster

SMALLEST_STORE_BYTES = 80 * 2**20
SOON = {"health_check_period_ms": 500, "health_check_failure_threshold": 6}
"""A node that is lost is known to be after three seconds."""


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
def cluster(ray_token: None, light_ray: None) -> Iterator[Cluster]:
    """A node with a pretended GPU, to which a test may add others."""
    made = Cluster(initialize_head=True, head_node_args=node(num_gpus=1) | {"_system_config": SOON})
    with pytest.MonkeyPatch.context() as patch:  # Ray would look for a node on 127.0.0.1 at the machine's other address
        patch.setattr("ray._private.services.resolve_ip_for_localhost", lambda host: host)
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
