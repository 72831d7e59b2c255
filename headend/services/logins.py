"""Log-ins kept on the server: the browser holds a random token, the database only its SHA-256."""

import hashlib
import secrets
from datetime import timedelta

from headend.domain.errors import BadInput, TooMany
from headend.domain.person import Person
from headend.ports import AuditEntry, Login, Ports

LIFETIME = timedelta(hours=12)
WINDOW = timedelta(minutes=15)
MOST_PER_ACCOUNT = 5  # wrong passwords within WINDOW
MOST_PER_ADDRESS = 30


def log_in(ports: Ports, username: str, password: str, address: str) -> tuple[str, Login]:
    """(token for the cookie, login). One sentence for every wrong pair, so that nobody learns which accounts exist."""
    now, username = ports.clock.now(), username.strip().lower()[:80]
    keys = {f"account:{username}": MOST_PER_ACCOUNT, f"address:{address}": MOST_PER_ADDRESS}
    with ports.db(readonly=True) as db:
        if any(db.attempts_since(key, now - WINDOW) >= most for key, most in keys.items()):
            raise TooMany("Đã sai quá nhiều lần. Hãy thử lại sau 15 phút, hoặc gọi người quản trị.")
        account = db.account(username)
    # Outside the transaction: one hash costs 0.1 s and 64 MiB on purpose.
    good = ports.passwords.matches(account.password_hash if account else "", password)
    with ports.db() as db:
        if not good or account is None or account.closed:
            for key in keys:
                db.record_attempt(key, now)
            refused = True
        else:
            refused = False
            token = secrets.token_urlsafe(32)
            login = Login(_fingerprint(token), username, secrets.token_urlsafe(24), now, now + LIFETIME)
            db.end_logins_before(now)
            db.put_login(login)
            db.record(AuditEntry(now, username, "login", username, address))
    if refused:
        raise BadInput("Tên đăng nhập hoặc mật khẩu không đúng.", "password")
    return token, login


def who(ports: Ports, token: str) -> tuple[Person, Login] | None:
    """The person behind a cookie, or None."""
    with ports.db(readonly=True) as db:
        login = db.login(_fingerprint(token))
        account = db.account(login.username) if login else None
    if login is None or account is None or account.closed or login.expires_at <= ports.clock.now():
        return None
    return account.person, login


def log_out(ports: Ports, token: str) -> None:
    """End a login; unknown tokens are no error."""
    with ports.db() as db:
        db.end_login(_fingerprint(token))


def _fingerprint(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
