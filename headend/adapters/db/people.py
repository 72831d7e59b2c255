"""Accounts, log-ins and failed attempts to log in."""

from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Row, delete, func, insert, select

from headend.adapters.db.part import Part
from headend.adapters.db.schema import accounts, attempts, logins
from headend.domain.person import Person, Role
from headend.domain.times import from_ms, to_ms
from headend.ports import Account, Login

ATTEMPTS_KEPT = timedelta(days=1)


class People(Part):
    """See headend.ports.Db, "people"."""

    def put_account(self, account: Account) -> None:
        values = asdict(account)
        self._put(accounts, {**values.pop("person"), **values})

    def account(self, username: str) -> Account | None:
        row = self._one(select(accounts).where(accounts.c.username == username))
        return _account(row) if row else None

    def accounts(self) -> list[Account]:
        return [_account(row) for row in self._all(select(accounts).order_by(accounts.c.username))]

    def put_login(self, login: Login) -> None:
        values = asdict(login)
        values["created_at_ms"] = to_ms(values.pop("created_at"))
        values["expires_at_ms"] = to_ms(values.pop("expires_at"))
        self._put(logins, values)

    def login(self, token_sha256: str) -> Login | None:
        row = self._one(select(logins).where(logins.c.token_sha256 == token_sha256))
        if row is None:
            return None
        created_at, expires_at = from_ms(row.created_at_ms), from_ms(row.expires_at_ms)
        return Login(row.token_sha256, row.username, row.csrf, created_at, expires_at)

    def end_login(self, token_sha256: str) -> None:
        self._connection.execute(delete(logins).where(logins.c.token_sha256 == token_sha256))

    def end_logins_before(self, at: datetime) -> None:
        """Forget log-ins that have expired at `at`."""
        self._connection.execute(delete(logins).where(logins.c.expires_at_ms <= to_ms(at)))

    def record_attempt(self, key: str, at: datetime) -> None:
        """Attempts of more than a day ago are forgotten."""
        self._connection.execute(delete(attempts).where(attempts.c.at_ms < to_ms(at - ATTEMPTS_KEPT)))
        self._connection.execute(insert(attempts), {"key": key, "at_ms": to_ms(at)})

    def attempts_since(self, key: str, since: datetime) -> int:
        found = select(func.count()).where(attempts.c.key == key, attempts.c.at_ms >= to_ms(since))
        return self._connection.scalar(found)


def _account(row: Row) -> Account:
    return Account(Person(row.username, row.name, Role(row.role), row.unit), row.password_hash, row.closed)
