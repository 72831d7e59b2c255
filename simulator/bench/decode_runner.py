"""Runs each decoder twice on MicroPython, once for few samples and once for many, between marks (steps.py).

The difference of the two is the loop's own: what a call costs stands in both.
"""

import sys

import ffi

sys.path[:] = [sys.argv[1], sys.argv[2], ".frozen"]

from firmware.app import codec_ima, codec_mulaw  # noqa: E402
from firmware.app.volume import loudest, scale  # noqa: E402

SIGUSR1 = 10
mark = ffi.open("libc.so.6").func("i", "raise", "i")


def noise(block):
    """The same bytes each time: how many branches are taken depends on them."""
    seed = 7
    for at in range(len(block)):
        seed = (seed * 110351 + 12345) & 0x3FFFFF
        block[at] = seed >> 8 & 255
    block[2] = 40  # a step in the middle of the table


def measure(work):
    """Two stretches between marks."""
    for count in (int(sys.argv[3]), int(sys.argv[4])):
        work(count)
        mark(SIGUSR1)
        work(count)
        mark(SIGUSR1)


block = bytearray(512)
out = bytearray(1024)
noise(block)
measure(lambda count: codec_ima.decode(block, out, count, codec_ima.STEPS))
measure(lambda count: codec_mulaw.decode(block, out, count))
measure(lambda count: scale(out, count, 20000, 20000))
measure(lambda count: loudest(out, count))
