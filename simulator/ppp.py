"""As much of PPP as a line needs to come up: frames (RFC 1662), LCP (RFC 1661), addresses by IPCP (RFC 1332). Runs on
both runtimes, so that either end can be a test's.
"""

LCP, IPCP = 0xC021, 0x8021
REQUEST, ACK, NAK, REJECT, END, ENDED, ECHO, ECHOED = 1, 2, 3, 4, 5, 6, 9, 10  # codes; RFC 1661, 5
FLAG, ESCAPE, FLIP = 0x7E, 0x7D, 0x20
ADDRESS, NAMES = 3, 129  # options of IPCP: RFC 1332, 3.3, and RFC 1877, 1.1
NOWHERE = b"\x00\x00\x00\x00"


def check_sum(raw):
    """FCS-16; RFC 1662, C.2."""
    value = 0xFFFF
    for byte in raw:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value ^ 0xFFFF


def frame(protocol, packet):
    """The bytes of one frame on the line."""
    body = b"\xff\x03" + protocol.to_bytes(2, "big") + packet
    body += check_sum(body).to_bytes(2, "little")
    out = bytearray([FLAG])
    for byte in body:
        if byte < 0x20 or byte in (FLAG, ESCAPE):
            out.append(ESCAPE)
            byte ^= FLIP
        out.append(byte)
    out.append(FLAG)
    return bytes(out)


class Frames:
    """Cuts what comes in into packets."""

    def __init__(self):
        self.bad = 0  # what was no frame
        self._body = bytearray()
        self._flip = 0

    def feed(self, raw):
        """[(protocol, packet)] of the frames that end here."""
        found = []
        for byte in raw:
            if byte == FLAG:
                if len(self._body) >= 6 and check_sum(self._body[:-2]) == self._body[-2] | self._body[-1] << 8:
                    found.append((self._body[2] << 8 | self._body[3], bytes(self._body[4:-2])))
                elif self._body:
                    self.bad += 1
                self._body = bytearray()
            elif byte == ESCAPE:
                self._flip = FLIP
            else:
                self._body.append(byte ^ self._flip)
                self._flip = 0
        return found


def packet(code, number, data=b""):
    """Code, identifier, length, data; RFC 1661, 5."""
    return bytes([code, number]) + (len(data) + 4).to_bytes(2, "big") + data


def options(data):
    """{option: value} of a request."""
    found, at = {}, 0
    while at + 2 <= len(data) and data[at + 1] >= 2:
        found[data[at]] = data[at + 2 : at + data[at + 1]]
        at += data[at + 1]
    return found


class End:
    """One end of the line. `gives`: the address that it gives to the other end, None for the end that is given one."""

    def __init__(self, address=NOWHERE, gives=None, name_server=NOWHERE):
        self.address, self.name_server = address, name_server
        self.up = self.ended = False
        self.echoed = 0
        self._gives = gives
        self._frames = Frames()
        self._acked = set()  # protocols in which the other end has agreed to what was asked …
        self._agreed = set()  # … and in which this one has
        self._number = 0

    def begin(self):
        """Bytes that ask for whatever is not agreed upon yet."""
        self._number = self._number % 255 + 1
        if LCP not in self._acked or LCP not in self._agreed:
            return frame(LCP, packet(REQUEST, self._number))
        data = bytes([ADDRESS, 6]) + self.address
        if self._gives is None:
            data += bytes([NAMES, 6]) + self.name_server
        return frame(IPCP, packet(REQUEST, self._number, data))

    def end(self):
        """Bytes that end it."""
        return frame(LCP, packet(END, 1))

    def echo(self):
        """Bytes that the other end answers."""
        return frame(LCP, packet(ECHO, 1, NOWHERE))

    def take(self, raw):
        """Bytes that answer what came in."""
        out = b""
        for protocol, said in self._frames.feed(raw):
            if len(said) >= 4:
                out += self._answer(protocol, said[0], said[1], said[4:])
        self.up = not self.ended and {LCP, IPCP} <= self._acked and {LCP, IPCP} <= self._agreed
        return out

    def _answer(self, protocol, code, number, data):
        if code == REQUEST:
            return self._judge(protocol, number, data)
        if code == ACK:
            self._acked.add(protocol)
            if protocol == LCP and LCP in self._agreed:
                return self.begin()
        elif code == NAK:
            offered = options(data)
            self.address = offered.get(ADDRESS, self.address)
            self.name_server = offered.get(NAMES, self.name_server)
            return self.begin()
        elif code == END:
            self.ended = True
            return frame(protocol, packet(ENDED, number))
        elif code == ENDED:
            self.ended = True
        elif code == ECHO:
            return frame(protocol, packet(ECHOED, number, data))
        elif code == ECHOED:
            self.echoed += 1
        return b""

    def _judge(self, protocol, number, data):
        """Another end's request: agreed to, or told what it should ask for."""
        asked, better = options(data), b""
        if protocol == IPCP and self._gives:
            for option, right in ((ADDRESS, self._gives), (NAMES, self.name_server)):
                if asked.get(option, right) != right:
                    better += bytes([option, 6]) + right
        if better:
            return frame(protocol, packet(NAK, number, better))
        self._agreed.add(protocol)
        out = frame(protocol, packet(ACK, number, data))
        if self._gives and protocol not in self._acked:
            out += self.begin()
        return out
