"""Fake of the port's `espnow`. Signatures: see machine.py."""

import wires


class ESPNow:
    """Sends while the radio is on."""

    def __init__(self):
        self._active = False
        self._peers = []

    def active(self, flag=None):
        """On or off."""
        if flag is not None:
            self._active = flag
        return self._active

    def add_peer(self, mac, lmk=None, channel=None, ifidx=None, encrypt=True):
        """Whom one may send to."""
        if not self._active:
            raise OSError("ESP_ERR_ESPNOW_NOT_INIT")
        self._peers.append(mac)

    def send(self, mac, msg, sync=True):
        """True when it has left; with `sync` only when the peer has it."""
        if not wires.chip.wifi_on:
            raise OSError("ESP_ERR_ESPNOW_IF")
        if mac not in self._peers:
            raise OSError("ESP_ERR_ESPNOW_NOT_FOUND")
        wires.chip.sent.append((mac, bytes(msg), sync))
        return True

    def any(self):
        """Whether something has come."""
        return bool(wires.chip.air)

    def recv(self, timeout_ms=None):
        """[sender, message]"""
        return wires.chip.air.pop(0) if wires.chip.air else [None, None]
