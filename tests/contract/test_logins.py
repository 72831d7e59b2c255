"""Log-ins live on the server; a guesser is slowed down and learns nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest

from headend.domain.errors import BadInput, TooMany
from headend.ports import Account
from headend.services import logins
from tests.support import house as house_
from tests.support.house import AN


@pytest.fixture
def house(tmp_path):
    house = house_.build(tmp_path)
    with house.ports.db() as db:
        db.put_account(Account(AN, house.ports.passwords.hash("đúng rồi")))
    yield house
    house.database.close()


def test_the_right_password_opens_and_the_token_leads_back_to_the_person(house):
    token, login = logins.log_in(house.ports, " AN ", "đúng rồi", "10.0.0.1")
    person, found = logins.who(house.ports, token)
    assert (person, found) == (AN, login)


def test_the_database_never_sees_the_token(house):
    token, login = logins.log_in(house.ports, "an", "đúng rồi", "10.0.0.1")
    assert token not in repr(login) and login.token_sha256 != token
    with house.ports.db() as db:
        assert db.login(token) is None


def test_unknown_account_and_wrong_password_get_the_same_sentence(house):
    said = set()
    for name, password in [("an", "sai"), ("ai-do", "đúng rồi")]:
        with pytest.raises(BadInput) as bad:
            logins.log_in(house.ports, name, password, "10.0.0.1")
        said.add(bad.value.message)
    assert len(said) == 1


def test_after_five_wrong_passwords_even_the_right_one_must_wait(house):
    for _ in range(logins.MOST_PER_ACCOUNT):
        with pytest.raises(BadInput):
            logins.log_in(house.ports, "an", "sai", "10.0.0.1")
    with pytest.raises(TooMany):
        logins.log_in(house.ports, "an", "đúng rồi", "10.0.0.2")
    house.clock.at += logins.WINDOW + timedelta(seconds=1)
    assert logins.log_in(house.ports, "an", "đúng rồi", "10.0.0.2")


def test_a_login_ends_by_itself_by_log_out_and_with_the_account(house):
    token, _ = logins.log_in(house.ports, "an", "đúng rồi", "10.0.0.1")
    logins.log_out(house.ports, token)
    assert logins.who(house.ports, token) is None
    token, _ = logins.log_in(house.ports, "an", "đúng rồi", "10.0.0.1")
    with house.ports.db() as db:
        db.put_account(replace(db.account("an"), closed=True))
    assert logins.who(house.ports, token) is None
    with house.ports.db() as db:
        db.put_account(replace(db.account("an"), closed=False))
    house.clock.at += logins.LIFETIME
    assert logins.who(house.ports, token) is None
    assert logins.who(house.ports, "made-up") is None
