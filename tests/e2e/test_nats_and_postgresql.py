"""The other choices: NATS from its wheel, PostgreSQL, and poles with the ESP32's 32-bit words on 112 KB of heap."""

from protocol import messages
from simulator.demo import broadcast
from simulator.runtime import find_runtime
from tests.support import staging


def test_a_bulletin_is_heard_and_proven_on_nats_postgresql_and_32_bit_poles(tmp_path, postgres_url, micropython_i386):
    runtime = find_runtime("micropython-i386")
    assert "heapsize=112K" in runtime.command(tmp_path)
    with staging.station(tmp_path, runtime, broker="nats", database=postgres_url) as stage:
        [aired] = broadcast.air(stage, None, staging.SHORT)
        forged = broadcast.forge(stage)
        broadcast.wait_for_end(stage, [aired])
        soundings = staging.likenesses(stage, aired)
        assert all(one.likeness > 0.95 and abs(one.start_error_ms) < 20 for one in soundings.values()), soundings
        assert set(staging.airings(stage, aired).values()) == {1}
        assert broadcast.refused(stage, forged) == len(stage.fleet.poles)
        assert set(staging.told(stage, aired, messages.FINISHED)) == set(stage.fleet.poles)
        assert all(staging.numbers_without_gap(stage).values())
