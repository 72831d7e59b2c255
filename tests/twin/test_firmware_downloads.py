"""Downloads that are killed at random, from a server that does everything wrong, leave no wrong file."""

import pytest

from simulator.bench.bad_server import FAULTS
from simulator.bench.downloads import measure
from tests.support.twins import runtime


@pytest.mark.parametrize("kills", [30, pytest.param(200, marks=pytest.mark.slow)])
def test_a_download_killed_at_random_ends_up_right(kills, tmp_path):
    """The full count: ./loa bench downloads --kills 1000."""
    found = measure(kills, runtime("micropython"), tmp_path, seed=kills)
    assert found["kills"] >= kills and found["wrong_files"] == 0, found
    assert found["files_fetched"] >= 12 and len(found["faults"]) == len(FAULTS), found
