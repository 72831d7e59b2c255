"""One function decides what a person may see and do."""

import pytest

from headend.domain.errors import NotAllowed
from headend.domain.person import EVERYWHERE, RIGHTS, Person, Role, may, require

WARD, OTHER = "00070", "00577"


def person(role, unit=WARD):
    return Person("an", "An", role, unit)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", RIGHTS)
def test_nobody_may_do_anything_in_a_unit_that_is_not_theirs(action, role):
    assert not may(person(role), action, OTHER)
    with pytest.raises(NotAllowed):
        require(person(role), action, OTHER)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", RIGHTS)
def test_a_role_may_exactly_what_the_table_gives_it(action, role):
    assert may(person(role), action, WARD) == (role in RIGHTS[action])
    assert may(person(role, EVERYWHERE), action, OTHER) == (role in RIGHTS[action])


@pytest.mark.parametrize("role", Role)
def test_an_action_that_nobody_declared_belongs_to_nobody(role):
    assert not may(person(role, EVERYWHERE), "emergency.send", WARD)


def test_no_role_both_writes_and_approves():
    assert not RIGHTS["bulletin.write"] & RIGHTS["bulletin.approve"]


@pytest.mark.parametrize("action", RIGHTS)
def test_a_refusal_says_in_vietnamese_who_may(action):
    stranger = person(Role.EVALUATOR, OTHER)
    with pytest.raises(NotAllowed) as refused:
        require(stranger, action, WARD)
    assert refused.value.message.endswith(".")
