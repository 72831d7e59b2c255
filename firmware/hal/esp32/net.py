"""Wi-Fi of an ESP32: joined when something is to be opened, asked again when it was lost."""

import asyncio
import os
import time

import network

from firmware.hal import dns, sockets

JOIN_S = 15


class Net:
    """`open` and `udp` of the contract."""

    def __init__(self, ssid, password):
        self._ssid = ssid
        self._password = password
        self._wlan = network.WLAN(network.WLAN.IF_STA)
        self._joining = asyncio.Lock()
        self._names = dns.Resolver(self._servers, udp_to, os.urandom, time.time)

    def _servers(self):
        """What the network's DHCP has named."""
        return [one for one in (self._wlan.ifconfig()[3],) if one != "0.0.0.0"]

    async def _join(self):
        async with self._joining:
            if self._wlan.isconnected():
                return
            self._wlan.active(False)  # from a state in which it hangs, only a restart of the radio helps
            self._wlan.active(True)
            self._wlan.connect(self._ssid, self._password)
            for _ in range(JOIN_S * 4):
                await asyncio.sleep(0.25)
                if self._wlan.isconnected():
                    return
            raise OSError("no Wi-Fi")

    def rssi_dbm(self):
        """Of the access point, None while there is none."""
        return self._wlan.status("rssi") if self._wlan.isconnected() else None

    async def open(self, host, port, tls):
        """(reader, writer), or OSError."""
        await self._join()
        ip = await self._names.find(host)
        stream = await sockets.open_stream(sockets.address_of(ip, port), host, tls or None)
        return stream, stream

    async def udp(self, host, port):
        """Datagrams to and from one address, or OSError."""
        await self._join()
        return udp_to((await self._names.find(host), port))


def udp_to(address):
    """A datagram socket to (IPv4 address, port)."""
    return sockets.Udp(sockets.address_of(*address))
