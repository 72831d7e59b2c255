"""Fake of the port's `network`: one Wi-Fi station. Signatures: see machine.py."""

import wires


class WLAN:
    """Joins `wires.chip.access_point` at once, if it is asked by its name and word."""

    IF_STA, IF_AP = 0, 1

    def __init__(self, interface_id=IF_STA):
        pass

    def active(self, is_active=None):
        """The radio."""
        if is_active is None:
            return wires.chip.wifi_on
        wires.chip.told.append(("wifi", bool(is_active)))
        wires.chip.wifi_on = bool(is_active)
        wires.chip.joined = wires.chip.joined and wires.chip.wifi_on

    def connect(self, ssid=None, password=None, *, bssid=None):
        """Asks; isconnected tells."""
        if not wires.chip.wifi_on:
            raise OSError("Wifi Not Started")
        wires.chip.told.append(("join", ssid))
        wires.chip.joined = (ssid, password) == wires.chip.access_point

    def disconnect(self):
        """Leaves."""
        wires.chip.told.append(("leave",))
        wires.chip.joined = False

    def isconnected(self):
        """True while it has an address."""
        wires.chip.joined = wires.chip.joined and wires.chip.access_point is not None
        return wires.chip.joined

    def ifconfig(self, ip_mask_gateway_dns=None):
        """(address, mask, gateway, name server)"""
        return ("192.168.4.2", "255.255.255.0", "192.168.4.1", wires.chip.name_server)

    def status(self, param=None):
        """ "rssi" while it is joined."""
        if param != "rssi":
            raise ValueError("unknown status param")
        return -61
