"""First file that an ESP32 runs, frozen at the top of the core image. Images boot at 160 MHz, at which checking a
signature takes half as long again.
"""

import machine

machine.freq(240_000_000)

from firmware import start  # noqa: E402 - at full speed

start.device()
