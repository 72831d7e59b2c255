"""The pole's ways to the head-end, second by second: which one carries, when it is left, what is never taken down."""

import asyncio

import pytest

from firmware.app import uplinks
from firmware.app.uplinks import Uplinks


class Uplink:
    """An uplink whose cable (`there`) and what lies behind it (`way`) the test sees to."""

    def __init__(self, world, name, there=True, way=True, rise_s=2):
        self.name, self.there, self.way = name, there, way
        self.rise_s = rise_s
        self.tries, self.restarts, self.downs = [], [], []
        self._world, self._up = world, False

    async def up(self):
        self.tries.append(self._world.now_s)
        self._world.pass_by(self.rise_s)
        if not self.there:
            raise OSError("no cable")
        self._up = True

    def down(self):
        self.downs.append(self._world.now_s)
        self._up = False

    def alive(self):
        return self._up and self.there

    async def restart(self):
        self.restarts.append(self._world.now_s)

    def facts(self):
        return {"rssi_dbm": -70, "address": "10.0.0.9"}


class World:
    """Seconds that pass only here, a head-end, and a pole's supervisor."""

    def __init__(self, names="lan wifi 4g", dice=b"\xff\xff"):
        self.now_s, self.head_end, self.on_air, self.bursts = 0, True, False, 0
        self.connected_s = None
        self.log = []
        self.ways = {name: Uplink(self, name) for name in names.split()}
        self.pole = Uplinks(
            list(self.ways.values()),
            lambda: self.now_s,
            lambda count: dice[:count],
            lambda: (self.connected, self.bursts),
            lambda: self.on_air,
            self.log.append,
        )

    @property
    def connected(self) -> bool:
        """The head-end is heard through what carries."""
        used = self.pole.used
        return bool(used and self.head_end and used.uplink.alive() and used.uplink.way)

    @property
    def carrying(self) -> str | None:
        return self.pole.used.uplink.name if self.pole.used else None

    def pass_by(self, seconds):
        self.now_s += seconds

    def live(self, seconds, each=lambda: None) -> list[str | None]:
        """What carried in each of the seconds; `each` is called before each."""
        return asyncio.run(self._live(self.now_s + seconds, each))

    async def _live(self, until_s, each) -> list[str | None]:
        seen = []
        while self.now_s < until_s:
            each()
            await self.pole.look()
            seen.append(self.carrying)
            self.pass_by(1)
        return seen


def test_the_best_uplink_that_is_there_carries_and_no_worse_one_is_touched():
    world = World()
    world.live(600)
    assert world.carrying == "lan"
    assert world.ways["wifi"].tries == world.ways["4g"].tries == []


def test_where_the_best_one_is_missing_the_next_carries_within_seconds():
    world = World()
    world.ways["lan"].there = world.ways["wifi"].there = False
    world.live(20)
    assert world.carrying == "4g"


@pytest.mark.parametrize("seconds", [1, uplinks.LOST_S - 1])
def test_what_comes_back_by_itself_at_once_was_not_lost(seconds):
    world = World()
    world.live(100)
    world.ways["lan"].there = False
    world.live(seconds)
    world.ways["lan"].there = True
    assert set(world.live(100)) == {"lan"}


def test_what_is_lost_is_replaced_by_the_next_one():
    world = World()
    world.live(100)
    world.ways["lan"].there = False
    world.live(uplinks.LOST_S + 6)
    assert world.carrying == "wifi"


def test_an_uplink_that_says_up_and_leads_nowhere_is_left():
    world = World()
    world.live(100)
    world.ways["lan"].way = False
    world.live(uplinks.SILENT_S - 5)
    assert world.carrying == "lan"
    world.live(15)
    assert world.carrying == "wifi" and world.ways["lan"].alive() is False


def test_answers_to_pings_alone_show_that_there_is_a_way():
    world = World("lan wifi")
    world.ways["lan"].way = False  # to the broker
    world.live(5)
    for _ in range(20):
        world.bursts += 1
        assert set(world.live(uplinks.SILENT_S // 2)) == {"lan"}


def test_a_better_one_takes_over_only_when_it_has_stood_by_steadily():
    world = World()
    world.ways["lan"].there = False
    world.live(10)
    assert world.carrying == "wifi"
    world.ways["lan"].there = True
    seen = world.live(400)
    assert seen[-1] == "lan" and set(seen) == {"wifi", "lan"}
    rose_s = world.ways["lan"].tries[-1] + 2
    taken_s = 12 + seen.index("lan")
    assert taken_s - rose_s >= uplinks.STEADY_S
    assert world.ways["wifi"].alive() is False  # one is enough, and 4G costs money


def test_one_that_comes_and_goes_has_to_be_steady_for_longer_and_is_tried_less_and_less():
    world = World("lan 4g")
    lan = world.ways["lan"]

    def comes_and_goes():
        lan.there = world.now_s % 100 < 70

    world.live(6 * 3600, comes_and_goes)
    assert world.carrying == "4g"
    pauses = [later - before for before, later in zip(lan.tries, lan.tries[1:], strict=False)]
    assert pauses[-1] > uplinks.LAST_PAUSE_S // 2 and len(lan.tries) < 20
    assert len(world.ways["4g"].downs) <= len(lan.tries)


def test_the_route_that_one_standing_by_took_with_it_is_given_back_to_what_carries():
    world = World("lan 4g")
    lan, modem = world.ways.values()
    lan.there = False
    world.live(10)
    lan.there = True
    world.live(uplinks.FIRST_PAUSE_S + 5)
    assert lan.alive() and world.carrying == "4g" and modem.downs == []
    lan.there, world.on_air = False, True
    world.live(300)
    assert modem.downs == [] and world.carrying == "4g"
    world.on_air = False
    world.live(5)
    assert len(modem.downs) == 1 and world.carrying == "4g"
    world.live(10)
    assert len(modem.downs) == 1


def test_one_that_never_rose_has_taken_no_route():
    world = World("lan 4g")
    world.ways["lan"].there = False
    world.live(2 * 3600)
    assert len(world.ways["lan"].tries) > 3 and world.ways["4g"].downs == []


def test_one_that_has_carried_long_enough_is_as_good_as_new():
    world = World("lan 4g")
    lan = world.ways["lan"]
    lan.there = False
    world.live(3600)
    lan.there = True
    world.live(3 * 3600)
    lan.there = False
    world.live(uplinks.LOST_S + 5)
    lan.there = True
    before = len(lan.tries)
    world.live(uplinks.FIRST_PAUSE_S)
    assert len(lan.tries) == before + 1


def test_while_a_session_is_on_air_no_better_one_is_tried_and_none_takes_over():
    world = World()
    world.ways["lan"].there = False
    world.live(10)
    world.on_air = world.ways["lan"].there = True
    before = list(world.ways["lan"].tries)
    assert set(world.live(2700)) == {"wifi"}
    assert world.ways["lan"].tries == before and world.ways["wifi"].downs == []
    world.on_air = False
    assert world.live(300)[-1] == "lan"


def test_one_that_stood_by_when_a_session_began_waits_for_its_end():
    world = World()
    world.ways["lan"].there = False
    world.live(10)
    world.ways["lan"].there = True
    world.live(uplinks.FIRST_PAUSE_S + 10)
    assert world.ways["lan"].alive() and world.carrying == "wifi"
    world.on_air = True
    assert set(world.live(900)) == {"wifi"}


def test_what_is_lost_on_air_is_replaced_on_air():
    world = World()
    world.live(10)
    world.on_air, world.ways["lan"].there = True, False
    world.live(uplinks.LOST_S + 6)
    assert world.carrying == "wifi"


def test_an_uplink_that_fails_again_and_again_is_restarted_then_less_and_less_often():
    world = World("4g")
    modem = world.ways["4g"]
    modem.there = False
    world.live(12 * 3600)
    failures = [sum(tried < restarted for tried in modem.tries) for restarted in modem.restarts]
    assert failures == [3 * 2**power for power in range(len(failures))] and len(failures) > 5


def test_without_any_other_it_is_tried_each_minute_for_ever():
    world = World("4g")
    modem = world.ways["4g"]
    modem.there = False
    world.live(24 * 3600)
    modem.there = True
    assert world.live(uplinks.ALONE_PAUSE_S + 5)[-1] == "4g"


def test_a_head_end_that_is_away_for_a_day_leaves_the_only_uplink_up_nearly_all_the_time():
    world = World("wifi")
    world.live(60)
    world.head_end = False
    seen = world.live(24 * 3600)
    assert seen.count("wifi") > len(seen) * 9 // 10
    assert 2 < len(world.ways["wifi"].restarts) < 10


def test_with_no_way_anywhere_each_uplink_has_its_turn():
    world = World()
    world.head_end = False
    assert set(world.live(uplinks.SILENT_S * 5)) >= {"lan", "wifi", "4g"}


def test_an_uplink_whose_driver_does_what_it_likes_does_not_take_the_pole_with_it():
    world = World("lan 4g")

    async def breaks():
        raise RuntimeError("driver")

    def breaks_too():
        raise OSError(5)

    world.ways["lan"].up, world.ways["lan"].down, world.ways["lan"].restart = breaks, breaks_too, breaks
    assert world.live(3600)[-1] == "4g"


def test_an_uplink_that_never_comes_to_an_end_is_given_up(monkeypatch):
    monkeypatch.setattr(uplinks, "UP_LIMIT_S", 0.01)
    world = World("lan 4g")
    world.ways["lan"].up = never
    assert world.live(60)[-1] == "4g"


async def never():
    await asyncio.Event().wait()


def test_poles_that_lose_their_uplinks_together_do_not_come_back_together():
    early, late = World("4g", dice=b"\x00\x00"), World("4g", dice=b"\xff\xff")
    for world in (early, late):
        world.ways["4g"].there = False
        world.live(300)
    assert early.ways["4g"].tries != late.ways["4g"].tries


def test_what_carries_can_be_told():
    world = World()
    assert world.pole.telemetry() == {}
    world.live(10)
    assert world.pole.telemetry() == {"uplink": "lan", "rssi_dbm": -70}
    assert any("uplink lan carries" in line for line in world.log)


def test_one_that_tries_for_as_long_as_it_may_is_no_task_that_hangs():
    from firmware.app.vigil import TASK_LIMIT_S

    assert max(uplinks.UP_LIMIT_S, uplinks.RESTART_LIMIT_S) < TASK_LIMIT_S
