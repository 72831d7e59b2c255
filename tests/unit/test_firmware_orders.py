"""The pole's one door for orders: what a power cut broke off, and what a pole does that has lost its counters."""

import asyncio

import pytest

from firmware.app.clocksync import Clock, Ticks
from firmware.app.orders import Orders
from firmware.app.vault import Vault
from protocol import messages
from simulator.hal.files import Files
from tests.support import keys

NOW_MS = 1_760_000_000_000
GROUP = "g/00070"


class PowerCut(Exception):
    pass


class Door:
    """One pole's Orders over several lives; `acted`: what was done, `refused`: what was told."""

    def __init__(self, folder):
        self.files = Files(str(folder / "data"))
        self.acted, self.refused = [], []
        self.seen_ms = 0
        self.live()

    def live(self):
        """Switched on, again."""

        async def made():
            clock = Clock(Ticks(lambda: 0))
            clock.set_line(0, NOW_MS * 1000, 0, "net")
            modulus = f"{keys.modulus('plan'):0512x}"
            listed = [messages.Key(kid=1, role="plan", modulus=modulus, from_ms=0, to_ms=1 << 50)]
            return Orders(listed, [GROUP], Vault(self.files), clock, self.tell, self.seen_ms)

        self.orders = asyncio.run(made())

    def tell(self, why, _count):
        self.refused.append(why)

    def take(self, raw, dies=False):
        async def act(letter):
            if dies:
                raise PowerCut()
            self.acted.append(letter.content.session)

        return asyncio.run(self.orders.take(raw, act))


@pytest.fixture
def door(tmp_path):
    return Door(tmp_path)


def stop(seq: int, issued_ms: int = NOW_MS) -> bytes:
    return keys.order(GROUP, seq, messages.Stop(session=f"s{seq}"), issued_ms)


def test_an_order_that_was_broken_off_is_done_when_it_comes_again_and_then_never_more(door):
    with pytest.raises(PowerCut):
        door.take(stop(1), dies=True)
    door.live()
    assert door.take(stop(1)) and not door.take(stop(1))
    door.live()
    assert not door.take(stop(1))
    assert door.acted == ["s1"] and door.refused == []


def test_while_an_order_is_broken_off_no_older_one_gets_in(door):
    door.take(stop(1))
    with pytest.raises(PowerCut):
        door.take(stop(3), dies=True)
    door.live()
    assert not door.take(stop(2)) and door.refused == ["replay"]


@pytest.mark.parametrize("damage", ["gone", "torn"])
def test_a_pole_that_lost_its_counters_takes_only_what_was_issued_since(door, damage):
    door.take(stop(5))
    door.seen_ms = NOW_MS - 1000
    if damage == "gone":
        door.files.remove("counters")
    else:
        with door.files.open("counters", "wb") as file:
            file.write(b'{"1 g/0')
    for _ in range(2):  # and it knows that also after another start
        door.live()
        assert not door.take(stop(5, NOW_MS - 2000)) and door.refused.pop() == "replay"
        door.seen_ms = 0
    assert door.take(stop(6, NOW_MS - 1000)) and door.acted == ["s5", "s6"]


def test_a_new_pole_takes_what_was_issued_before_it_was_hung_up(door):
    door.seen_ms = NOW_MS
    door.live()
    assert door.take(stop(1, NOW_MS - 60_000))
