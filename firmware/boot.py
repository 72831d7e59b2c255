"""First file that an ESP32 runs, frozen at the top of the core image. Whatever ends the program, the chip starts anew.

Images boot at 160 MHz, at which checking a signature takes half as long again.
"""

import sys

import machine

machine.freq(240_000_000)

from firmware import start  # noqa: E402 - at full speed
from firmware.hal.esp32 import board  # noqa: E402
from firmware.hal.esp32.core import place  # noqa: E402
from firmware.hal.esp32.files import Files  # noqa: E402

try:
    start.start(board.profile, Files(board.DATA), place(start.CORE_RELEASE), sys.stdin.readline, sys.stdout.write)
except Exception as why:
    sys.print_exception(why)
machine.reset()
