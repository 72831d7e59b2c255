"""Images of MicroPython's ROMFS: modules in them are executed where they lie and leave the heap to the data.

Format: py/../extmod/vfs_rom.c (v1.25). A record is kind, length, payload; numbers are big-endian base 128.
"""

from pathlib import Path

HEADER = b"\xd2\xcd\x31"
DATA_VERBATIM, DIRECTORY, FILE = 2, 4, 5


def image(folder: Path) -> bytes:
    """The image of everything below `folder`."""
    records = _records(folder)
    length = _number(len(records))
    if (len(HEADER) + len(length) + len(records)) % 2:
        length = b"\x80" + length  # the image has an even size
    return HEADER + length + records


def _records(folder: Path) -> bytes:
    out = b""
    for path in sorted(folder.iterdir()):
        name = path.name.encode("ascii")
        if path.is_dir():
            out += _record(DIRECTORY, _number(len(name)) + name + _records(path))
        else:
            out += _record(FILE, _number(len(name)) + name + _record(DATA_VERBATIM, path.read_bytes()))
    return out


def _record(kind: int, payload: bytes) -> bytes:
    return _number(kind) + _number(len(payload)) + payload


def _number(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.insert(0, 0x80 | value & 0x7F)
    return bytes(digits)
