"""Seals: nothing is parsed, let alone played, before its signature is right (promise 1).

    sealed   = "L1" kid(2) length(2) signature body          all numbers big-endian
    signed   = "L1" kid(2) body                              RSA PKCS#1 v1.5, SHA-256, e = 65537
    body     = {"seq":…,"iat":…,"exp":…,"to":"g/…|p/…","type":"…","a":{…}}   compact JSON; behind it, one
                                                             on each line, what is the message's LINES
    pole's   = "R1" mac(32) body                             HMAC-SHA256(key, purpose NUL body)

A pole accepts an order if, in this order: the key is known, in force and has the role; the signature is
right; the order is addressed to the pole; it has not expired and is not from the future; its counter is above
the last one of the same (kid, to, type). The same counter with the same bytes is a duplicate, not an attack.
"""

import hashlib

from protocol import messages
from protocol.schema import WireError, build, lines_of, parse, read_lines

MAGIC = b"L1"
MAC_MAGIC = b"R1"
EXPONENT_SQUARINGS = 16  # 65537 = 2^16 + 1
MAX_BODY = 64 * 1024
MAX_AHEAD_MS = 120 * 1000  # an order may come from at most this far in the pole's future
ROOT_KID = 0

# DER prefix of a SHA-256 DigestInfo (RFC 8017, 9.2 note 1).
_DIGEST_INFO = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"


class SealError(WireError):
    """The order is refused; `word` is the reason that a receipt carries."""

    def __init__(self, word):
        super().__init__(word)  # MicroPython finds an exception's __init__ only through super()
        self.word = word


class Sealed:
    """A sealed message split into its parts, nothing checked yet."""

    def __init__(self, kid, signature, body):
        self.kid = kid
        self.signature = signature
        self.body = body


class Letter:
    """The body of an envelope whose seal was right."""

    def __init__(self, kid, seq, iat, exp, to, kind, content):
        self.kid = kid
        self.seq = seq
        self.iat = iat
        self.exp = exp
        self.to = to
        self.kind = kind
        self.content = content

    def stream(self):
        """What the counter `seq` belongs to."""
        return "%d %s %s" % (self.kid, self.to, self.kind)


def signed_bytes(kid, body):
    """What the signature covers."""
    return MAGIC + kid.to_bytes(2, "big") + body


def pack(kid, signature, body):
    """The envelope's bytes."""
    return MAGIC + kid.to_bytes(2, "big") + len(signature).to_bytes(2, "big") + signature + body


def unpack(raw):
    """Split an envelope, or SealError("format"). Nothing is trusted yet; the parts are views of `raw`."""
    raw = memoryview(raw)
    if len(raw) < 6 or bytes(raw[:2]) != MAGIC:
        raise SealError("format")
    size = int.from_bytes(raw[4:6], "big")
    body = raw[6 + size :]
    if size not in (256, 384) or not 0 < len(body) <= MAX_BODY:
        raise SealError("format")
    return Sealed(int.from_bytes(raw[2:4], "big"), raw[6 : 6 + size], body)


def body(seq, iat, exp, to, message):
    """The bytes to sign for `message` (one of messages.ORDERS or KeyList)."""
    from protocol.schema import write

    head = '{"seq":%d,"iat":%d,"exp":%d,"to":"%s","type":"%s","a":' % (seq, iat, exp, to, message.TYPE)
    lines = getattr(message, message.LINES) if message.LINES else ()
    parts = [head + write(message, message.LINES) + "}"] + [write(one) for one in lines]
    return "\n".join(parts).encode("utf-8")


def expected_block(sealed):
    """EMSA-PKCS1-v1_5 of what a Sealed's signature covers, as a whole block: compared entirely, never parsed."""
    size = len(sealed.signature)
    summed = hashlib.sha256(signed_bytes(sealed.kid, b""))
    summed.update(sealed.body)  # not joined: a copy of a plan is a lot of a pole's memory
    tail = _DIGEST_INFO + summed.digest()
    return b"\x00\x01" + b"\xff" * (size - len(tail) - 3) + b"\x00" + tail


def verify_steps(sealed, modulus):
    """Generator: yields between the squarings (7 ms each on an ESP32), then returns nothing or raises
    SealError.

    `modulus` is an int. Use `for _ in verify_steps(...)`: await asyncio.sleep(0) in the loop's body on a
    pole.
    """
    size = len(sealed.signature)
    start = int.from_bytes(sealed.signature, "big")
    if start >= modulus:
        raise SealError("seal")
    value = start
    for _ in range(EXPONENT_SQUARINGS):
        value = value * value % modulus
        yield
    value = value * start % modulus
    if value.to_bytes(size, "big") != expected_block(sealed):
        raise SealError("seal")


def verify(sealed, modulus):
    """Check a signature in one go, or SealError("seal")."""
    for _ in verify_steps(sealed, modulus):
        pass


def open_body(sealed, held=lambda one: one):
    """The Letter of an envelope whose signature has been checked, or SealError("body"). `held`: see read_lines."""
    rest = lines_of(sealed.body)
    try:
        value = parse(next(rest))
        for name in ("seq", "iat", "exp"):
            if type(value.get(name)) is not int or not 0 <= value[name] < 1 << 53:
                raise WireError(name)
        if type(value.get("to")) is not str or type(value.get("type")) is not str:
            raise WireError("to, type")
        kind = messages.KeyList if value["type"] == "keys" else messages.ORDERS.get(value["type"])
        if kind is None:
            raise WireError("type")
        content = build(kind, value.get("a"))
        lines = read_lines(kind, rest, held)
        if kind.LINES:
            setattr(content, kind.LINES, lines)
    except WireError:
        raise SealError("body")
    return Letter(sealed.kid, value["seq"], value["iat"], value["exp"], value["to"], value["type"], content)


def admit(letter, streams, now_ms, last_seq):
    """Audience, validity and counter of a letter; SealError names what is wrong.

    `streams`: the audiences that this pole belongs to; `last_seq`: last accepted counter of letter.stream(),
    or 0. Returns True if it is new, False if its counter equals the last one (a duplicate: the caller
    compares bytes).
    """
    if letter.to not in streams:
        raise SealError("audience")
    if letter.exp <= now_ms:
        raise SealError("expired")
    if letter.iat > now_ms + MAX_AHEAD_MS:
        raise SealError("future")
    if letter.seq < last_seq:
        raise SealError("replay")
    return letter.seq > last_seq


def key_for(keys, kid, order_type, now_ms):
    """The modulus (int) of the key that may seal `order_type` now, or SealError("key")."""
    for key in keys:
        if key.kid == kid and key.role == messages.ROLE_OF.get(order_type) and key.from_ms <= now_ms < key.to_ms:
            return int(key.modulus, 16)
    raise SealError("key")


def known_key(keys, kid):
    """The Key with this id, or SealError("key"): found before parsing, its role is checked after."""
    for key in keys:
        if key.kid == kid:
            return key
    raise SealError("key")


def open_keys(raw, root_modulus, oldest_version):
    """The KeyList in a root-sealed envelope, or SealError; never an older version than `oldest_version`."""
    sealed = unpack(raw)
    if sealed.kid != ROOT_KID or len(sealed.signature) != 384:
        raise SealError("key")
    verify(sealed, root_modulus)
    letter = open_body(sealed)
    if letter.kind != messages.KeyList.TYPE:
        raise SealError("body")
    if letter.content.version < oldest_version:
        raise SealError("replay")
    return letter.content


def hmac_sha256(key, data):
    """HMAC (RFC 2104) for keys of at most 64 bytes; MicroPython has no hmac module."""
    key = key + b"\x00" * (64 - len(key))
    inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in key]) + data).digest()
    return hashlib.sha256(bytes([byte ^ 0x5C for byte in key]) + inner).digest()


def same(left, right):
    """Compare two byte strings in time that depends on their length only."""
    if len(left) != len(right):
        return False
    difference = 0
    for i in range(len(left)):
        difference |= left[i] ^ right[i]
    return difference == 0
