"""Keys of a head-end for tests: seals orders as the head-end does, and writes the profile of a pole that
trusts it.

The keys are fixed, so that golden vectors can be made again; they protect nothing.
"""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from protocol import messages, seal
from protocol.schema import Message

KEY_FOLDER = Path(__file__).parent / "keys"
LONG_AGO_MS = 1_500_000_000_000
PROFILE_KEYS = {"plan": 1, "emergency": 2, "update": 3}
FAR_MS = 4_000_000_000_000


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """`root` (3072 bits), `plan`, `emergency`, `update` or `stranger` (2048 bits) from the folder `keys`."""
    return serialization.load_pem_private_key((KEY_FOLDER / f"{name}.pem").read_bytes(), None)


def modulus(name: str) -> int:
    """Of the public key."""
    return private_key(name).public_key().public_numbers().n


def sign(name: str, kid: int, body: bytes) -> bytes:
    """A sealed envelope."""
    signature = private_key(name).sign(seal.signed_bytes(kid, body), padding.PKCS1v15(), hashes.SHA256())
    return seal.pack(kid, signature, body)


def key_list(version: int = 1, **kids: int) -> bytes:
    """The root's sealed list; `kids` are role=kid, by default plan=1 and emergency=2."""
    kids = kids or {"plan": 1, "emergency": 2}
    keys = [
        messages.Key(kid=kid, role=role, modulus=f"{modulus(role):0512x}", from_ms=LONG_AGO_MS, to_ms=FAR_MS)
        for role, kid in kids.items()
    ]
    body = seal.body(version, LONG_AGO_MS, FAR_MS, "keys", messages.KeyList(version=version, keys=keys))
    return sign("root", seal.ROOT_KID, body)


def order(
    to: str,
    seq: int,
    message: Message,
    now_ms: int,
    *,
    lasts_ms: int = 3_600_000,
    key: str = "plan",
    kid: int = 1,
) -> bytes:
    """A sealed order to a stream ("g/00070", "p/x")."""
    return sign(key, kid, seal.body(seq, now_ms, now_ms + lasts_ms, to, message))


def pole_key(pole: str) -> bytes:
    """The pole's own 32 bytes."""
    return hashlib.sha256(f"test pole {pole}".encode()).digest()


def profile(
    pole: str, *, broker: dict, media: str, time: tuple[str, int], groups: tuple[str, ...] = ("00070", "all")
) -> dict:
    """The enrolment bundle of a pole."""
    return {
        "pole": pole,
        "groups": list(groups),
        "broker": broker,
        "media": media,
        "time": {"host": time[0], "port": time[1]},
        "root": f"{modulus('root'):x}",
        "keys": key_list(**PROFILE_KEYS).hex(),
        "key": pole_key(pole).hex(),
    }


@dataclass
class Counter:
    """The counters of the streams, as a head-end keeps them."""

    last: dict = field(default_factory=dict)

    def next(self, to: str, kind: str) -> int:
        """The next counter of a stream."""
        self.last[to, kind] = self.last.get((to, kind), 0) + 1
        return self.last[to, kind]


def dump(value: object) -> str:
    """JSON as vectors and profiles are written."""
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
