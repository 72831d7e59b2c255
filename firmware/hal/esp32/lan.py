"""Ethernet of an ESP32 by a W5500 on SPI. Run by tests on fakes of the port only; see the package."""

import asyncio

import network
from machine import SPI, Pin

from firmware.hal.uplink import Uplink, until

LINK_S = 15  # cable and DHCP
REST_S = 1
BAUD = 20000000


class Lan(Uplink):
    """`wiring`: {"spi": bus, "sck", "mosi", "miso", "cs", "int": GPIO numbers} and, where it is wired, "reset". The
    driver needs the interrupt's pin.
    """

    name = "lan"

    def __init__(self, wiring):
        Uplink.__init__(self)
        self._wiring = wiring

    def _make(self):
        wiring = self._wiring
        pins = {name: Pin(wiring[name]) for name in ("sck", "mosi", "miso")}
        more = {"reset": Pin(wiring["reset"])} if "reset" in wiring else {}
        return network.LAN(
            phy_type=network.PHY_W5500,
            phy_addr=0,
            spi=SPI(wiring["spi"], baudrate=BAUD, **pins),
            cs=Pin(wiring["cs"]),
            int=Pin(wiring["int"]),
            **more,
        )

    async def up(self):
        """Wait for the cable and an address, or OSError."""
        if self._nic is None:
            self._nic = self._make()  # once: the driver can not be made a second time
        if not self._nic.active():
            self._nic.active(True)
        await until(self.alive, LINK_S)

    def down(self):
        """No packets any more."""
        if self._nic and self._nic.active():
            self._nic.active(False)

    async def restart(self):
        """The chip's link, off and on again (`up`)."""
        self.down()
        await asyncio.sleep(REST_S)
