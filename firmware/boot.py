"""First file that an ESP32 runs. Images boot at 160 MHz, at which checking a signature takes half as long again."""

import machine

machine.freq(240_000_000)
