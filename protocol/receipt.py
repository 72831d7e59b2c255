"""What a pole and its head-end tell each other under the pole's own key: receipts, acks, states, the time of
day.
"""

from protocol.schema import WireError, decode, encode
from protocol.seal import MAC_MAGIC, hmac_sha256, same

RECEIPT = b"receipt"
ACK = b"ack"
STATE = b"state"
TELEMETRY = b"telemetry"
TIME = b"time"


def pack(key, purpose, message):
    """Bytes of a message under the pole's key; `purpose` keeps one kind from being taken for another."""
    body = encode(message)
    return MAC_MAGIC + hmac_sha256(key, purpose + b"\x00" + body) + body


def unpack(key, purpose, kind, raw):
    """The message, or WireError when the code is wrong, before anything is parsed."""
    raw = bytes(raw)
    if len(raw) < 34 or raw[:2] != MAC_MAGIC:
        raise WireError("format")
    body = raw[34:]
    if not same(raw[2:34], hmac_sha256(key, purpose + b"\x00" + body)):
        raise WireError("code")
    return decode(kind, body)


# Time pings: UDP, one datagram each way.
#   request = "LT1" length(1) pole nonce(8)
#   reply   = "LT2" nonce(8) received_us(8) sent_us(8) mac(16)

NONCE_BYTES = 8


def ask_time(pole, nonce):
    """The request of a pole."""
    name = pole.encode()
    return b"LT1" + bytes([len(name)]) + name + nonce


def read_ask(raw):
    """(pole, nonce) of a request, or WireError."""
    if len(raw) < 5 or raw[:3] != b"LT1" or len(raw) != 4 + raw[3] + NONCE_BYTES:
        raise WireError("not a time request")
    try:
        return bytes(raw[4 : 4 + raw[3]]).decode("ascii"), bytes(raw[4 + raw[3] :])
    except UnicodeError:
        raise WireError("pole")


def tell_time(key, nonce, received_us, sent_us):
    """The head-end's answer: when the request came in and when the answer left, Unix µs."""
    head = b"LT2" + nonce + received_us.to_bytes(8, "big") + sent_us.to_bytes(8, "big")
    return head + hmac_sha256(key, TIME + b"\x00" + head)[:16]


def read_time(key, raw):
    """(nonce, received_us, sent_us) of an answer, or WireError when it is not the head-end's."""
    raw = bytes(raw)
    if len(raw) != 43 or raw[:3] != b"LT2":
        raise WireError("not a time answer")
    if not same(raw[27:], hmac_sha256(key, TIME + b"\x00" + raw[:27])[:16]):
        raise WireError("code")
    return raw[3:11], int.from_bytes(raw[11:19], "big"), int.from_bytes(raw[19:27], "big")
