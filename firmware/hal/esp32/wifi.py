"""Wi-Fi of an ESP32. Run by tests on fakes of the port only; see the package."""

import asyncio

import network

from firmware.hal.uplink import Uplink, until

JOIN_S = 15
REST_S = 1


class Wifi(Uplink):
    """A station of one access point. The driver comes back by itself after a short loss."""

    name = "wifi"

    def __init__(self, ssid, password):
        Uplink.__init__(self)
        self._ssid = ssid
        self._password = password

    async def up(self):
        """Join, or OSError."""
        if self._nic is None:
            self._nic = network.WLAN(network.WLAN.IF_STA)
        self._nic.active(True)
        if not self._nic.isconnected():
            self._nic.connect(self._ssid, self._password)
        await until(self.alive, JOIN_S)

    def down(self):
        """Leave. The radio stays on: neighbours may be talking on it (espnow.py)."""
        if self._nic:
            self._nic.disconnect()

    async def restart(self):
        """From a state in which it hangs, only a restart of the radio helps."""
        if self._nic:
            self._nic.active(False)
            await asyncio.sleep(REST_S)

    def facts(self):
        """Also `rssi_dbm` of the access point."""
        facts = Uplink.facts(self)
        if facts:
            facts["rssi_dbm"] = self._nic.status("rssi")
        return facts
