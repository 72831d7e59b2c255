"""Argon2id passwords; at most two hashes at a time, since each takes 64 MiB on purpose."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError


class Argon2Passwords:
    """Implements ports.Passwords."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._turns = threading.Semaphore(2)
        # Verified against for unknown accounts, so that they take as long as known ones.
        self._nobody = self._hasher.hash("nobody")

    def hash(self, password: str) -> str:
        with self._turns:
            return self._hasher.hash(password)

    def matches(self, password_hash: str, password: str) -> bool:
        with self._turns:
            try:
                self._hasher.verify(password_hash or self._nobody, password)
            except (VerifyMismatchError, InvalidHashError):
                return False
        return bool(password_hash)
