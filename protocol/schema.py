"""Messages declared once: a class lists its FIELDS, and this module turns values into bytes and back.

Wire form: compact JSON, keys in the order of FIELDS (MicroPython's dicts have no order, so we write it
ourselves). Unknown keys are dropped; anything else that is not exactly a message raises `WireError` and
nothing else.
"""

import json
import sys

MAX_TEXT = 400  # characters of one text field: an order must fit 1.5 KB
MICROPYTHON = sys.implementation.name == "micropython"
MAX_INT = 1 << 53  # what every JSON reader keeps exactly


class WireError(ValueError):
    """The bytes are not a message of this protocol; the text says where."""


def utf8(text, where):
    """The bytes of a text, WireError if it has none."""
    try:
        return text.encode()
    except ValueError:  # CPython's word for half a surrogate pair
        raise WireError("%s: control character" % where)


class Int:
    """A whole number within [low, high]; no floats, no booleans."""

    def __init__(self, low=0, high=MAX_INT):
        self.low = low
        self.high = high

    def check(self, value, where):
        if type(value) is not int or not self.low <= value <= self.high:
            raise WireError("%s: whole number from %d to %d expected" % (where, self.low, self.high))
        return value

    def write(self, value):
        return str(value)


class Text:
    """Unicode text of at most `most` characters without control characters."""

    def __init__(self, most=MAX_TEXT, least=0):
        self.most = most
        self.least = least

    def check(self, value, where):
        if type(value) is not str or not self.least <= len(value) <= self.most:
            raise WireError("%s: text of %d to %d characters expected" % (where, self.least, self.most))
        # Bytes, because on MicroPython each character that a loop over a text meets is kept for ever.
        last = 0
        for byte in utf8(value, where):
            if byte < 32 or byte == 127 or (last == 0xED and byte >= 0xA0):  # half a surrogate pair
                raise WireError("%s: control character" % where)
            last = byte
        return value

    def write(self, value):
        # json.dumps of MicroPython leaves non-ASCII as it is; CPython's must be told not to. Escaped by hand:
        # same bytes.
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Hex(Text):
    """`size` bytes as lower-case hexadecimal."""

    def __init__(self, size):
        Text.__init__(self, size * 2, size * 2)

    def check(self, value, where):
        Text.check(self, value, where)
        for byte in utf8(value, where):
            if not (48 <= byte <= 57 or 97 <= byte <= 102):
                raise WireError("%s: lower-case hexadecimal expected" % where)
        return value


class Choice(Text):
    """One of a closed list of words."""

    def __init__(self, words):
        Text.__init__(self)
        self.words = words

    def check(self, value, where):
        if value not in self.words or type(value) is not str:
            raise WireError("%s: one of %s expected" % (where, ", ".join(self.words)))
        return value


class Many:
    """A list of at most `most` values of one kind; absent means empty."""

    def __init__(self, kind, most):
        self.kind = kind
        self.most = most

    def check(self, value, where):
        if MICROPYTHON and (value == [] or value == ()):
            return ()  # most lists of a plan are empty: on a pole that is one object and not hundreds
        if type(value) is not list or len(value) > self.most:
            raise WireError("%s: list of at most %d expected" % (where, self.most))
        return [self.kind.check(value[i], "%s[%d]" % (where, i)) for i in range(len(value))]

    def write(self, value):
        return "[" + ",".join([self.kind.write(one) for one in value]) + "]"


class One:
    """A message inside a message."""

    def __init__(self, message):
        self.message = message

    def check(self, value, where):
        if isinstance(value, self.message):
            return value
        return _build(self.message, value, where)

    def write(self, value):
        return write(value)


class Message:
    """Base of all messages. FIELDS is a tuple of (name, kind, default); default `REQUIRED` means no default."""

    FIELDS = ()
    LINES = None  # the field whose messages travel behind the others, one on each line: nobody needs them all at once

    def __init__(self, **values):
        for name, kind, default in self.FIELDS:
            value = values.pop(name, default)
            if value is REQUIRED:
                raise WireError("%s: missing" % name)
            setattr(self, name, None if value is None else kind.check(value, name))
        if values:
            raise WireError("unknown field %s" % ", ".join(sorted(values)))

    def __eq__(self, other):
        return self is other or (type(self) is type(other) and write(self) == write(other))

    def __hash__(self):
        return hash(write(self))

    def __repr__(self):
        return "%s(%s)" % (type(self).__name__, write(self))


REQUIRED = object()

# Kinds of fields, each made once: a pole's heap holds every one of them.
NUMBER = Int(0)
FLAG = Int(0, 1)
NAME = Text(24, 1)
WORDS = Text(40)


def _build(message, value, where):
    if type(value) is not dict:
        raise WireError("%s: object expected" % where)
    known = {}
    for name, kind, default in message.FIELDS:
        if name in value:
            if value[name] is None and default is None:
                continue
            known[name] = kind.check(value[name], where + "." + name)
        elif default is REQUIRED:
            raise WireError("%s.%s: missing" % (where, name))
    return message(**known)


def write(message, without=None):
    """The compact JSON text of a message. Fields that are None are left out, and the one called `without`."""
    parts = []
    for name, kind, _ in message.FIELDS:
        value = getattr(message, name)
        if value is not None and name != without:
            parts.append('"' + name + '":' + kind.write(value))
    return "{" + ",".join(parts) + "}"


def encode(message):
    """Bytes of a message, the same on both runtimes."""
    return write(message).encode("utf-8")


def decode(message, raw):
    """The message that `raw` (bytes) holds, or WireError."""
    return _build(message, parse(raw), message.__name__)


def parse(raw):
    """A JSON object from bytes, or WireError; every other failure of the JSON reader becomes one too."""
    if not len(raw) or raw[0] != 0x7B or raw[-1] != 0x7D:  # MicroPython's reader takes a text without its end
        raise WireError("JSON object expected")
    try:
        # MicroPython reads out of any buffer; a copy of a plan would need that much heap in one piece.
        value = json.loads(raw if MICROPYTHON else str(raw, "utf-8"))
    except (ValueError, TypeError, UnicodeError, RuntimeError, MemoryError, OverflowError) as why:
        raise WireError("not JSON: %s" % type(why).__name__)
    if type(value) is not dict:
        raise WireError("JSON object expected")
    return value


def build(message, value):
    """The message that a parsed JSON object holds, or WireError."""
    return _build(message, value, message.__name__)


def lines_of(raw):
    """Generator: each line of a buffer without its end, as a view; at least one."""
    raw = memoryview(raw)
    start = at = 0
    while at < len(raw):
        piece = bytes(raw[at : at + 256])
        end = piece.find(b"\n")
        if end < 0:
            at += len(piece)
        else:
            yield raw[start : at + end]
            start = at = at + end + 1
    yield raw[start:]


def read_lines(message, rest, held):
    """The list of a message class's field LINES out of its lines (a generator); WireError.

    `held(one)`: what is known already and equal, to be had instead.
    """
    found = []
    for name, kind, _ in message.FIELDS:
        if name == message.LINES:
            for line in rest:
                if len(found) == kind.most:
                    raise WireError("%s: more than %d" % (name, kind.most))
                found.append(held(decode(kind.kind.message, line)))
    for _ in rest:
        raise WireError("more than one line")
    return found
