"""Finds addresses by name without stopping the pole: asks the network's servers by UDP, keeps answers while they hold.

The port's `getaddrinfo` holds up everything for as long as a dead server takes (RFC 1035 for the bytes; addresses of
IPv4 only, as are all sockets here).
"""


PORT = 53
ASK_S = 2  # for one server to answer
ROUNDS = 3
SHORTEST_TTL_S = 30
LONGEST_TTL_S = 3600
STALE_S = 7 * 24 * 3600  # when no server answers, an old address is better than none
MOST_KEPT = 8
A, IN, CNAME_HOPS = 1, 1, 16


class NoSuchName(OSError):
    """No server knows an address of this name."""


def question(number, name):
    """The bytes of a query for the IPv4 addresses of a name; OSError when it can not be a name."""
    out = bytearray(number.to_bytes(2, "big") + b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    for label in name.rstrip(".").split("."):
        raw = label.encode()
        if not 0 < len(raw) < 64:
            raise NoSuchName(-2)
        out.append(len(raw))
        out += raw
    out += bytes([0, 0, A, 0, IN])
    return bytes(out)


def _name_end(raw, at):
    """Where a name in a message ends; IndexError when it does not."""
    while raw[at]:
        if raw[at] >= 0xC0:
            return at + 2
        at += raw[at] + 1
    return at + 1


def answer(raw, asked):
    """(address as text, seconds that it holds) out of a server's bytes; None when it is no answer to what was asked,
    ("", 0) when there is no such name.
    """
    try:
        if raw[:2] != asked[:2] or not raw[2] & 0x80 or raw[12 : len(asked)].lower() != asked[12:].lower():
            return None
        if raw[3] & 0x0F == 3:
            return "", 0
        if raw[3] & 0x0F:
            return None
        at = len(asked)
        shortest = LONGEST_TTL_S
        for _ in range(min(CNAME_HOPS, int.from_bytes(raw[6:8], "big"))):
            at = _name_end(raw, at)
            kind = int.from_bytes(raw[at : at + 2], "big")
            shortest = min(shortest, int.from_bytes(raw[at + 4 : at + 8], "big"))
            size = int.from_bytes(raw[at + 8 : at + 10], "big")
            if kind == A and size == 4:
                return "%d.%d.%d.%d" % (raw[at + 10], raw[at + 11], raw[at + 12], raw[at + 13]), shortest
            at += 10 + size
        return "", 0
    except IndexError:
        return None


def numeric(host):
    """True for an address that needs no looking up."""
    parts = host.split(".")
    return len(parts) == 4 and all(part.isdigit() and int(part) < 256 for part in parts)


class Resolver:
    """`servers()`: addresses of the network's name servers; `udp(address)`: a socket with send, receive, close."""

    def __init__(self, servers, udp, random, seconds, known=()):
        """`random(n)`: n unpredictable bytes; `seconds()`: of any clock; `known`: {name: address}."""
        self.asked = 0
        self._servers = servers
        self._udp = udp
        self._random = random
        self._seconds = seconds
        self._known = dict(known)
        self._known["localhost"] = "127.0.0.1"  # RFC 6761, 6.3
        self._kept = {}  # name → (address, holds until)

    async def find(self, host):
        """The IPv4 address of a host as text, or OSError."""
        if numeric(host):
            return host
        if host in self._known:
            return self._known[host]
        address, until = self._kept.get(host, ("", 0))
        now = self._seconds()
        if address and now < until <= now + LONGEST_TTL_S:  # a clock that was set back makes nothing last
            return address
        try:
            found, ttl = await self._ask_all(host)
        except NoSuchName:
            raise
        except OSError:
            if address and now < until + STALE_S:
                return address
            raise
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[host] = (found, now + max(SHORTEST_TTL_S, min(LONGEST_TTL_S, ttl)))
        return found

    async def _ask_all(self, host):
        for _ in range(ROUNDS):
            for server in self._servers():
                try:
                    found = await self._ask(server, host)
                except OSError as why:
                    if isinstance(why, NoSuchName):
                        raise
                    continue
                if found:
                    return found
        raise OSError(110)  # nobody answered in time

    async def _ask(self, server, host):
        asked = question(int.from_bytes(self._random(2), "big"), host)
        udp = self._udp((server, PORT) if isinstance(server, str) else server)
        self.asked += 1
        try:
            udp.send(asked)
            while True:
                raw = await udp.receive(ASK_S)
                if raw is None:
                    return None
                found = answer(raw, asked)
                if found is None:
                    continue  # somebody else's datagram, or a server that is out of order: until the time is over
                if not found[0]:
                    raise NoSuchName(-2)
                return found
        finally:
            udp.close()
