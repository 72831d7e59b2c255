"""What the day's page concludes from the day's facts."""

from datetime import timedelta

import pytest

from headend.domain.areas import Commune
from headend.domain.bulletin import Bulletin, BulletinState
from headend.domain.delivery import Delivery, DeliveryState
from headend.domain.session import BroadcastSession, SessionState
from headend.domain.times import from_ms
from headend.services.board import SessionLine, Tally, start_of_day, steps
from protocol.urgency import NORMAL

AT = from_ms(1_763_949_600_000)
WARD = Commune("00070", "Phường Hoàn Kiếm", "phường", 21.03, 105.85)
BULLETIN = Bulletin("b", "00070", "Tiêm chủng", "notice", "", "an", BulletinState.SUBMITTED, "00", 9000, -16.0, AT)


def line(state: SessionState, *deliveries: DeliveryState) -> SessionLine:
    """A session of four poles, some of which have told something."""
    session = BroadcastSession("s", "00070", AT, 9000, NORMAL, ("p1", "p2", "p3", "p4"), ("b",), state, "an", AT)
    told = [Delivery("s", f"p{number}", one, AT) for number, one in enumerate(deliveries, 1)]
    return SessionLine(session, WARD, (BULLETIN,), Tally.of(4, told))


def way(*given) -> str:
    """The steps, a letter each: done, now, open, failed."""
    return "".join(step.state[0] for step in steps(line(*given)))


D = DeliveryState


@pytest.mark.parametrize(("shown", "given"), [
    ("dnoooo", (SessionState.PLANNED,)),
    ("ddnooo", (SessionState.APPROVED,)),
    ("dddnoo", (SessionState.SEALED, D.READY, D.READY, D.RECEIVED, D.ORDERED)),
    ("ddddno", (SessionState.SEALED, D.READY, D.READY, D.READY, D.READY)),
    ("dddddn", (SessionState.ON_AIR, D.PLAYING, D.PLAYING, D.PLAYED, D.PLAYING)),
    ("dddddd", (SessionState.DONE, D.PLAYED, D.PLAYED, D.PLAYED, D.PLAYED)),
    ("dddfff", (SessionState.DONE, D.PLAYED, D.PLAYED, D.PLAYED, D.MISSED)),
    ("dfffff", (SessionState.REFUSED,)),
    ("dddfff", (SessionState.WITHDRAWN, D.READY, D.ORDERED, D.ORDERED, D.ORDERED)),
])
def test_the_way_shows_what_is_reached_and_nothing_that_is_not(shown, given):
    assert way(*given) == shown


def test_who_got_further_counts_for_every_step_before():
    tally = Tally.of(5, [Delivery("s", "p", one, AT) for one in (D.RECEIVED, D.READY, D.PLAYING, D.PLAYED, D.MISSED)])
    assert (tally.received, tally.ready, tally.started, tally.played, tally.silent) == (4, 3, 2, 1, 1)


def test_a_day_begins_at_midnight_in_ha_noi():
    assert start_of_day(AT) == AT - timedelta(hours=9)
    assert start_of_day(AT - timedelta(hours=9, milliseconds=1)) == AT - timedelta(hours=33)
