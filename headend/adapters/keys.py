"""Keys on disk: an offline root (RSA-3072), sealing keys by role (RSA-2048), and the master secret of pole keys.

The root's private part belongs on a stick in a safe; here it is written beside the others until it is taken away
(`root.pem`), because a demo has no safe. Every file is 0600.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from protocol import messages, seal
from protocol.schema import Message

YEAR_MS = 365 * 24 * 3600 * 1000
KIDS = {"plan": 1, "emergency": 2, "drill": 3, "update": 4}


class KeyRing:
    """Implements ports.Sealer. Private keys never leave this object."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._root = _read_key(folder / "root.pem")
        self._keys = {role: _read_key(folder / f"{role}.pem") for role in KIDS}
        self._master = (folder / "poles.key").read_bytes()
        self.sealed_keys = (folder / "keys.sealed").read_bytes()

    @property
    def root_modulus(self) -> int:
        """Public part of the root: what a pole trusts from the day it is enrolled."""
        return self._root.public_key().public_numbers().n

    def kid(self, order_type: str) -> int:
        """Id of the key that seals this type of order."""
        return KIDS[messages.ROLE_OF[order_type]]

    def seal(self, seq: int, iat_ms: int, exp_ms: int, to: str, message: Message) -> bytes:
        """The sealed envelope of one of messages.ORDERS."""
        role = messages.ROLE_OF[message.TYPE]
        return _sealed(self._keys[role], KIDS[role], seal.body(seq, iat_ms, exp_ms, to, message))

    def pole_key(self, pole: str) -> bytes:
        """32 bytes that only this head-end and this pole know."""
        return hmac.new(self._master, b"pole\x00" + pole.encode(), hashlib.sha256).digest()

    def secret(self, purpose: str) -> str:
        """A password for a helper process (e.g. the head-end's own account at the broker)."""
        return hmac.new(self._master, b"secret\x00" + purpose.encode(), hashlib.sha256).hexdigest()[:40]


def open_ring(folder: Path, now_ms: int) -> KeyRing:
    """The keys in `folder`, made on first use."""
    if not (folder / "keys.sealed").exists():
        _make(folder, now_ms)
    return KeyRing(folder)


def _make(folder: Path, now_ms: int) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    root = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    keys = {role: rsa.generate_private_key(public_exponent=65537, key_size=2048) for role in KIDS}
    day_before = now_ms - 24 * 3600 * 1000
    listed = [messages.Key(kid=KIDS[role], role=role, modulus=f"{key.public_key().public_numbers().n:0512x}",
                           from_ms=day_before, to_ms=now_ms + 3 * YEAR_MS) for role, key in keys.items()]
    key_list = messages.KeyList(version=1, keys=listed)
    body = seal.body(1, day_before, now_ms + 10 * YEAR_MS, "g/all", key_list)
    _write_secret(folder / "root.pem", _pem(root))
    for role, key in keys.items():
        _write_secret(folder / f"{role}.pem", _pem(key))
    _write_secret(folder / "poles.key", secrets.token_bytes(32))
    _write_secret(folder / "keys.sealed", _sealed(root, seal.ROOT_KID, body))  # last: its presence means all are there


def _sealed(key: rsa.RSAPrivateKey, kid: int, body: bytes) -> bytes:
    signature = key.sign(seal.signed_bytes(kid, body), padding.PKCS1v15(), hashes.SHA256())
    return seal.pack(kid, signature, body)


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def _read_key(path: Path) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{path.name} is not an RSA key")
    return key


def _write_secret(path: Path, data: bytes) -> None:
    temporary = path.with_suffix(".new")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
