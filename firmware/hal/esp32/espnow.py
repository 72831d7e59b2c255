"""ESP-NOW: what one pole says, every pole within a few hundred metres hears."""

import asyncio

import espnow
import network

EVERYBODY = b"\xff" * 6
LOOK_S = 0.005  # what a beacon may be late by because of this is least where it counts: the earliest one is believed


class EspNow:
    """The contract's `beacon`. The radio has to be on, also where no uplink uses it, and stays on its channel."""

    def __init__(self):
        network.WLAN(network.WLAN.IF_STA).active(True)
        self._radio = espnow.ESPNow()
        self._radio.active(True)
        self._radio.add_peer(EVERYBODY)

    def send(self, raw):
        """To all; nobody answers."""
        self._radio.send(EVERYBODY, raw, False)

    async def receive(self, seconds):
        """One message, or None after `seconds`."""
        for _ in range(int(seconds / LOOK_S)):
            if self._radio.any():
                return self._radio.recv(0)[1]
            await asyncio.sleep(LOOK_S)
        return None
