"""Whether a broker lets a client in: the first packet of MQTT 3.1.1 and its answer, by hand."""

import contextlib
import socket
import ssl
from dataclasses import dataclass, field

CONNECT, USER_AND_PASSWORD, CLEAN_SESSION = 0x10, 0xC0, 0x02
DISCONNECT = b"\xe0\x00"
ACCEPTED = b"\x20\x02\x00\x00"
LIMIT_SECONDS = 2.0


@dataclass(frozen=True)
class Door:
    """Where a broker listens, and as whom to knock."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: ssl.SSLContext | None = None


def greets(door: Door) -> bool:
    """Whether the broker takes a CONNECT of this user; every failure is a no."""
    flags = CLEAN_SESSION | (USER_AND_PASSWORD if door.password else 0)
    words = [door.user, door.user, door.password] if door.password else [door.user]
    rest = b"\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x0a" + b"".join(map(counted, words))
    with contextlib.suppress(OSError), knock(door) as wire:
        wire.sendall(bytes([CONNECT, len(rest)]) + rest)
        answer = wire.recv(4)
        wire.sendall(DISCONNECT)
        return answer == ACCEPTED
    return False


def knock(door: Door) -> socket.socket:
    """A connection to the door, encrypted if it asks for that; OSError if there is none."""
    plain = socket.create_connection((door.host, door.port), LIMIT_SECONDS)
    if door.tls is None:
        return plain
    try:
        return door.tls.wrap_socket(plain, server_hostname=door.host)
    except OSError:
        plain.close()
        raise


def counted(text: str) -> bytes:
    """A string as MQTT writes it: two bytes of length, then UTF-8."""
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw
