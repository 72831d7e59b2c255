"""Who watches the pole's tasks: a watchdog that is fed only while all live, and crashes that are not forgotten."""

import asyncio
from types import SimpleNamespace

import pytest

from firmware.app import vigil
from firmware.app.vault import Vault
from firmware.app.vigil import SAFE_AFTER, STEADY_S, Crashes, Hung, Vigil
from simulator.hal.files import Files


class Bench:
    """A vigil in a time of the test's own; `signs` are those of its tasks."""

    def __init__(self, **limits):
        self.now, self.fed = 0, 0
        self.signs = dict.fromkeys(limits, 0)
        self.vigil = Vigil(lambda: self.now, self)
        for name, limit in limits.items():
            self.vigil.watch(name, lambda name=name: self.signs[name], limit)

    def feed(self):
        self.fed += 1


def test_a_task_that_moves_in_time_is_left_alone():
    bench = Bench(link=10, fetch=100)
    for bench.now in range(0, 500, 5):
        bench.signs["link"] += 1
        bench.signs["fetch"] += bench.now % 100 == 0
        bench.vigil.check()


@pytest.mark.parametrize(("name", "limit"), [("link", 10), ("fetch", 100)])
def test_a_task_that_stands_still_for_longer_than_it_may_is_named(name, limit):
    bench = Bench(link=10, fetch=100)
    with pytest.raises(Hung, match=f"{name} hangs"):
        for bench.now in range(500):
            for other in bench.signs:
                bench.signs[other] += other != name
            bench.vigil.check()
    assert limit < bench.now <= limit + 2


def test_the_watchdog_gets_nothing_once_a_task_hangs_and_steady_is_told_once(monkeypatch):
    monkeypatch.setattr(vigil, "LOOK_S", 0)
    bench, steady = Bench(link=STEADY_S + 50), []

    async def live():
        def passes():
            bench.now += 1
            return bench.now

        bench.vigil._seconds = passes
        await bench.vigil.run(lambda: steady.append(bench.now))

    with pytest.raises(Hung):
        asyncio.run(live())
    assert bench.fed > 10 and len(steady) == 1
    fed = bench.fed
    with pytest.raises(Hung):
        bench.vigil.check()
    assert bench.fed == fed


def test_who_keeps_the_uplinks_is_watched_and_needs_no_memory_where_there_are_none():
    bench = Bench()
    pole = SimpleNamespace(
        hal=SimpleNamespace(uplinks=(), random=bytes, log=print),
        clock=SimpleNamespace(ticks=SimpleNamespace(us=lambda: bench.now * 1_000_000)),
        link=SimpleNamespace(up=False),
        time=SimpleNamespace(bursts=0),
        player=SimpleNamespace(air=SimpleNamespace(taken=False)),
    )
    assert vigil.keep_uplinks(bench.vigil, pole) == () and not hasattr(pole, "uplinks")
    pole.hal.uplinks = [object()]
    (keeping,) = vigil.keep_uplinks(bench.vigil, pole)
    keeping.close()  # it never moves
    with pytest.raises(Hung, match="uplinks hangs"):
        for bench.now in range(2 * vigil.TASK_LIMIT_S):
            bench.vigil.check()


class Told(list):
    def note(self, kind, **fields):
        self.append((kind, fields))


@pytest.fixture
def vault(tmp_path):
    return Vault(Files(str(tmp_path / "data")))


def test_a_crash_is_told_once_after_the_start_with_its_end_and_without_ends_of_lines(vault):
    Crashes(vault).note("Traceback\n  File \"x.py\"\x00, line 3\n" + "y" * 90 + "\nOSError: 28")
    told = Told()
    Crashes(vault).tell(told)
    Crashes(vault).tell(told)
    ((kind, fields),) = told
    assert kind == "fault" and fields["count"] == 1
    assert fields["why"].endswith("yy OSError: 28") and len(fields["why"]) == 80 and "\n" not in Crashes(vault).text


def test_crash_upon_crash_leads_to_safe_mode_and_a_steady_life_out_of_it(vault):
    for count in range(SAFE_AFTER):
        assert Crashes(vault).count == count and not Crashes(vault).many
        Crashes(vault).note("x")
    assert Crashes(vault).many
    Crashes(vault).steady(SAFE_AFTER - 1)  # as safe mode ends: one more crash leads back
    assert not Crashes(vault).many
    Crashes(vault).note("x")
    assert Crashes(vault).many
    Crashes(vault).steady()
    assert Crashes(vault).count == 0
    assert Crashes(vault).text == "x"


def test_a_torn_crash_file_is_no_crash(vault):
    with vault.files.open("crash", "wb") as file:
        file.write(b'["x", 3')
    assert not Crashes(vault).many
