"""Sockets of an ESP32 over whichever uplink the supervisor keeps up (firmware.app.uplinks)."""

import os
import time

from firmware.hal import dns, sockets
from firmware.hal.uplink import until

WAIT_S = 15


class Net:
    """`open` and `udp` of the contract. The system sends by its default route."""

    def __init__(self, uplinks):
        """`uplinks`: firmware.hal.uplink.Uplink, best first."""
        self._uplinks = uplinks
        self._names = dns.Resolver(self._servers, udp_to, os.urandom, time.time)

    def _alive(self):
        return [uplink for uplink in self._uplinks if uplink.alive()]

    def _servers(self):
        return [server for uplink in self._alive() for server in uplink.servers()]

    def rssi_dbm(self):
        """Of the radio of the best uplink that is there, as it is now; None without one, and with 4G."""
        for uplink in self._alive():
            return uplink.facts().get("rssi_dbm")
        return None

    async def open(self, host, port, tls):
        """(reader, writer), or OSError."""
        await until(self._alive, WAIT_S)
        ip = await self._names.find(host)
        stream = await sockets.open_stream(sockets.address_of(ip, port), host, tls or None)
        return stream, stream

    async def udp(self, host, port):
        """Datagrams to and from one address, or OSError."""
        await until(self._alive, WAIT_S)
        return udp_to((await self._names.find(host), port))


def udp_to(address):
    """A datagram socket to (IPv4 address, port)."""
    return sockets.Udp(sockets.address_of(*address))


def uplinks_of(wiring):
    """The uplinks that a board has, best first; the drivers of the others are never loaded."""
    made = []
    if "ethernet" in wiring:
        from firmware.hal.esp32.lan import Lan

        made.append(Lan(wiring["ethernet"]))
    if "ssid" in wiring:
        from firmware.hal.esp32.wifi import Wifi

        made.append(Wifi(wiring["ssid"], wiring["password"]))
    if "modem" in wiring:
        from firmware.hal.esp32.modem import modem

        made.append(modem(wiring["modem"]))
    return made
