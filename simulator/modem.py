"""A SIM7600 or A7670 on a pty: answers AT, connects, speaks PPP, and fails in every way that a test asks for.

What it says follows the SIM7500_SIM7600 (V2.00) and A7600 (V1.01) AT command manuals. Its pins are a UDP port: `key 1`,
`key 0`, `supply 1`, `supply 0`.
"""

import os
import pty
import select
import socket
import threading
import time
import tty
from dataclasses import dataclass

from simulator.ppp import End

GUARD_S = 0.6  # shorter than the real second, so that a busy PC's delays are not taken for the pole's
ADDRESS, NAME_SERVER, OWN_ADDRESS = bytes([10, 64, 0, 2]), bytes([203, 113, 131, 1]), bytes([10, 64, 0, 1])


@dataclass(frozen=True)
class Kind:
    """What one model does in its own way; seconds as they are on a street."""

    banner: tuple[str, ...]
    on_s: float  # of the power key
    off_s: float
    down_s: float  # until it is off, and the key does something again
    boot_s: float
    card: str  # the command that tells the SIM's number, and how it begins its answer
    card_answer: str


KINDS = {
    "SIM7600": Kind(("RDY", "+CPIN: READY", "SMS DONE", "PB DONE"), 0.5, 2.5, 26, 13, "AT+CICCID", "+ICCID: "),
    "A7670": Kind(("*ATREADY: 1", "+CPIN: READY", "SMS DONE", "PB DONE"), 0.05, 2.5, 26, 9, "AT+CCID", "+CCID: "),
}


class Modem:
    """Everything public may be set at any time. `speed`: how many times faster than a real one it goes."""

    def __init__(self, kind: str = "SIM7600", speed: float = 20, on: bool = True):
        self.kind = KINDS[kind]
        self.sim = "READY"  # or "SIM PIN", or an error: "" is no SIM
        self.registration = 1  # of AT+CEREG?: 0 no, 1 home, 2 searching, 3 denied, 5 roaming
        self.operator, self.card, self.csq = "Viettel", "8984048000001234567", 20
        self.deaf = False  # until its power was taken
        self.hung = False  # not even the power helps
        self.slow = False  # byte by byte
        self.noise = b""  # before each answer
        self.news: tuple[str, ...] = ()  # lines that nobody asked for, between question and answer
        self.no_carrier = False  # dialling fails
        self.asked: list[str] = []
        self.dialled = 0
        self.starts = 0
        self.connected_to: End | None = None  # the PPP of the present connection
        self._speed = speed
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self._pins = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._pins.bind(("127.0.0.1", 0))
        self.pins_port: int = self._pins.getsockname()[1]
        self._supplied, self._ready_at = True, 0.0
        self._pressed_at: float | None = None
        self._down_at = 0.0
        self._echo, self._line = True, b""
        self._data_at, self._escape_at = 0.0, None
        self._held = None  # a connection that was left by +++ and can be gone back to
        self._ended = False
        self._on = self._ready = on
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended = True
        self._thread.join(10)
        for closed in (self._pins.close, lambda: os.close(self._master), lambda: os.close(self._slave)):
            closed()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def lose_carrier(self) -> None:
        """The network ends the connection without a word of PPP."""
        self.connected_to = None
        self._say("NO CARRIER")

    def end_connection(self) -> None:
        """The network ends the connection as PPP has it."""
        if self.connected_to:
            self._write(self.connected_to.end())

    def reset(self) -> None:
        """It restarts by itself."""
        self._start()

    def pin(self, name: str, level: int) -> None:
        """As whatever is wired to its `key` or `supply` does."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"%s %d" % (name.encode(), level), ("127.0.0.1", self.pins_port))

    # The line

    def _run(self) -> None:
        while not self._ended:
            ready, _, _ = select.select([self._master, self._pins], [], [], 0.005)
            now = time.monotonic()
            if self._pins in ready:
                self._pin(self._pins.recv(32).decode(), now)
            if self._on and not self._ready and now >= self._ready_at:
                self._ready = True
                for line in self.kind.banner:
                    self._say(line)
            if self._escape_at is not None and now - self._escape_at >= GUARD_S / self._speed:
                self._escape()
            if self._master in ready:
                self._hear(os.read(self._master, 1024), now)

    def _pin(self, what: str, now: float) -> None:
        name, level = what.split()
        if name == "supply":
            self._supplied = level == "1"
            if not self._supplied:
                self._off()
        elif level == "1":
            self._pressed_at = now
        elif self._pressed_at is not None:
            held_s = (now - self._pressed_at) * self._speed
            self._pressed_at = None
            if self._on and held_s >= self.kind.off_s:
                self._off()
                self._down_at = now + self.kind.down_s / self._speed
            elif not self._on and self._supplied and now >= self._down_at and held_s >= self.kind.on_s:
                self._start()

    def _off(self) -> None:
        self._on = self._ready = False
        self.connected_to = self._held = self._escape_at = None
        self.deaf = False

    def _start(self) -> None:
        self._off()
        self._on, self._echo, self._line = True, True, b""
        self._ready_at = time.monotonic() + self.kind.boot_s / self._speed
        self.starts += 1

    def _write(self, raw: bytes) -> None:
        for at in range(len(raw)) if self.slow else [0]:
            os.write(self._master, raw[at : at + 1] if self.slow else raw)
            if self.slow:
                time.sleep(0.002)

    def _say(self, line: str) -> None:
        self._write(b"\r\n" + line.encode() + b"\r\n")

    def _hear(self, raw: bytes, now: float) -> None:
        if not self._ready or self.deaf or self.hung:
            return
        if self.connected_to is not None:
            self._data(raw, now)
            return
        for byte in raw:
            if self._echo:
                self._write(bytes([byte]))
            if byte == 13:
                line, self._line = self._line.decode(errors="replace").strip(), b""
                if line:
                    self._command(line)
            else:
                self._line += bytes([byte])

    # Data

    def _data(self, raw: bytes, now: float) -> None:
        if raw == b"+++" and now - self._data_at >= GUARD_S / self._speed:
            self._escape_at = now
            return
        self._escape_at, self._data_at = None, now
        end = self.connected_to
        self._write(end.take(raw))
        if end.ended:
            self.connected_to = None
            self._say("NO CARRIER")

    def _escape(self) -> None:
        self._held, self.connected_to, self._escape_at = self.connected_to, None, None
        self._say("OK")

    # Commands

    def _command(self, line: str) -> None:
        self.asked.append(line)
        if self.noise:
            self._write(self.noise)
        for news in self.news:
            self._say(news)
        if line.startswith("ATD"):
            self._dial()
            return
        if line == "AT+CRESET":
            self._say("OK")
            self._start()
            return
        if line == "ATE0":
            self._echo = False
        if line == "ATH":
            self._held = None
        answer = self._answer(line)
        for part in answer:
            self._say(part)
        if not answer or "ERROR" not in answer[-1]:
            self._say("OK")

    def _answer(self, line: str) -> list[str]:
        """What comes before the OK; a last line with ERROR comes instead of it."""
        card = [self.kind.card_answer + self.card] if self.sim == "READY" else ["+CME ERROR: SIM not inserted"]
        known = {
            "AT": [],
            "ATE0": [],
            "ATH": [],
            "AT+CMEE=2": [],
            "AT+COPS=3,0": [],
            "AT+CPIN?": [f"+CPIN: {self.sim}"] if self.sim else ["+CME ERROR: SIM not inserted"],
            "AT+CSQ": [f"+CSQ: {self.csq},99"],
            "AT+CEREG?": [f"+CEREG: 0,{self.registration}"],
            "AT+CGREG?": [f"+CGREG: 0,{self.registration}"],
            "AT+COPS?": [f'+COPS: 0,0,"{self.operator}",7' if self.registration in (1, 5) else "+COPS: 0"],
            self.kind.card: card,
        }
        if line.startswith("AT+CGDCONT="):
            return []
        return known.get(line, ["ERROR"])

    def _dial(self) -> None:
        if self.no_carrier or self.registration not in (1, 5) or self.sim != "READY":
            self._say("NO CARRIER")
            return
        self.dialled += 1
        self._say("CONNECT 115200")
        self.connected_to = End(OWN_ADDRESS, ADDRESS, NAME_SERVER)
        self._data_at = time.monotonic()
        self._write(self.connected_to.begin())
