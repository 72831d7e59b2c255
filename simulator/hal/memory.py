"""Memory that is not the interpreter's: on an ESP32 the I2S driver's buffers are not in MicroPython's heap
either.
"""

import sys


def outside_heap(size):
    """A zeroed, writable buffer of `size` bytes; on MicroPython from the C library. It lives as long as the
    process.
    """
    if sys.implementation.name != "micropython":
        return bytearray(size)
    if size not in _kept:
        import ffi
        import uctypes

        calloc = ffi.open("libc.so.6").func("P", "calloc", "LL")
        _kept[size] = uctypes.bytearray_at(calloc(1, size), size)
    buffer = _kept[size]
    zeros = bytes(512)
    for start in range(0, size, 512):
        buffer[start : start + 512] = zeros[: min(512, size - start)]
    return buffer


_kept = {}
