"""Somebody asks a pole to test itself: who may, what leaves, and where it is not to be."""

import pytest

from headend.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from headend.domain.person import Person, Role
from headend.services import checks, places
from protocol import messages, topics
from tests.support.house import AN, OFFICER, POLES, WARD

TECHNICIAN = Person("ky", "Vũ Kỳ", Role.TECHNICIAN, WARD)


@pytest.mark.parametrize("what", checks.KINDS)
def test_a_sealed_order_leaves_for_this_pole_alone_and_it_is_written_down_who_asked(house, what):
    checks.check(house.ports, TECHNICIAN, POLES[0], what)
    assert house.orders() == [messages.Check(what=what)]
    with house.ports.db() as db:
        (posted,) = db.unsent(10)
        (written,) = [one for one in db.audit() if one.action == "pole.check"]
    assert posted.topic == topics.topic(topics.pole(POLES[0]), topics.ORDER) and not posted.retain
    assert (written.username, written.thing, written.detail) == ("ky", POLES[0], what)


def test_two_presses_are_two_orders_of_which_the_later_counts(house):
    checks.check(house.ports, TECHNICIAN, POLES[0], "horns")
    checks.check(house.ports, TECHNICIAN, POLES[0], "battery")
    assert [one.what for one in house.orders()] == ["horns", "battery"]


def test_who_may_not_what_is_none_and_a_cluster_set_aside(house):
    with pytest.raises(NotAllowed):
        checks.check(house.ports, AN, POLES[0], "horns")
    with pytest.raises(NotFound):
        checks.check(house.ports, TECHNICIAN, "nowhere", "horns")
    with pytest.raises(BadInput):
        checks.check(house.ports, TECHNICIAN, POLES[0], "everything")
    places.set_aside(house.ports, OFFICER, POLES[0], True, "Gần trường học")
    before = len(house.orders())
    with pytest.raises(Conflict, match="P-04"):
        checks.check(house.ports, TECHNICIAN, POLES[0], "calibrate")
    checks.check(house.ports, TECHNICIAN, POLES[0], "battery")  # makes no sound
    assert len(house.orders()) == before + 1
