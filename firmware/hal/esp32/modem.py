"""The modem of an ESP32's board: its serial line, its pins, and the port's PPP. See the package about its tests."""

import network
from machine import UART, Pin

from firmware.hal.cellular import Cellular

RX_BYTES = 16384  # PPP is read when the interpreter gets round to it: this is a stall of 1.4 s at 115,200 baud
TX_BYTES = 1024


def modem(wiring):
    """`wiring`: {"uart": number, "tx", "rx": GPIO numbers, "apn": of the SIM's operator} and, where they are: "baud",
    "key": GPIO that presses the modem's power key while it is high, "supply": GPIO that gives it power while high.
    """
    uart = UART(
        wiring["uart"],
        baudrate=wiring.get("baud", 115200),
        tx=Pin(wiring["tx"]),
        rx=Pin(wiring["rx"]),
        rxbuf=wiring.get("rxbuf", RX_BYTES),
        txbuf=TX_BYTES,
        timeout=0,
    )
    return Cellular(
        uart,
        network.PPP,
        wiring["apn"],
        Pin(wiring["key"], Pin.OUT, value=0) if "key" in wiring else None,
        Pin(wiring["supply"], Pin.OUT, value=1) if "supply" in wiring else None,
    )
