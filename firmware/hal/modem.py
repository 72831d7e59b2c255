"""Talks AT with a SIM7600 or A7670: one line asks, lines answer, and all kinds of things come in between.

`port` is anything with `read()` (what has come, at once; nothing or None otherwise) and `write(bytes)`: a UART of the
port, or a pty of the tests. Commands: SIM7500_SIM7600 Series AT Command Manual V2.00, A7600 Series AT Command Manual
V1.01; both follow 3GPP TS 27.007 and ITU-T V.250.
"""

import asyncio

LOOK_S = 0.02
LOOKS = 50  # of LOOK_S in a second
ANSWER_S = 5
ALIVE_S = 1
TRIES = 3
GUARD_S = 1.1  # silence before and after the escape, V.250 and the manual's S12
SIM_S = 10
REGISTER_S = 45
DIAL_S = 20
LONGEST = 512  # without an end of line it is no line
HOME, ROAMING = 1, 5  # of +CEREG and +CGREG
RESTARTED = ("RDY", "*ATREADY: 1")
CALL_ENDS = ("NO CARRIER", "NO ANSWER", "NO DIALTONE", "BUSY")


class Deaf(OSError):
    """It does not answer."""


class Refused(OSError):
    """It says no; the text says to what, and why."""


class Chat:
    """One conversation."""

    def __init__(self, port):
        self._port = port
        self._heard = bytearray()

    async def ask(self, command, seconds=ANSWER_S):
        """The lines of the answer; Refused, or Deaf when there is none in time."""
        self._heard = bytearray()
        self._port.read()  # what nobody has asked for
        self._port.write(command.encode() + b"\r")
        lines = []
        for _ in range(int(seconds * LOOKS)):
            self._listen()
            line = self._line()
            while line is not None:
                if line == "OK" or line.startswith("CONNECT"):
                    return lines
                if _says_no(line, command):
                    raise Refused("%s: %s" % (command, line))
                if line and line != command:  # it repeats what it is told until it is told not to
                    lines.append(line)
                line = self._line()
            await asyncio.sleep(LOOK_S)
        raise Deaf(command)

    def _listen(self):
        came = self._port.read()
        if came:
            self._heard.extend(came.replace(b"\r", b"\n"))
            if len(self._heard) > LONGEST and b"\n" not in self._heard:
                self._heard = bytearray()

    def _line(self):
        """The next whole line without anything that is no text, or None."""
        at = self._heard.find(b"\n")
        if at < 0:
            return None
        raw = self._heard[:at]
        self._heard = self._heard[at + 1 :]
        return "".join([chr(c) for c in raw if 32 <= c < 127]).strip()

    async def wake(self):
        """Get an answer, out of a connection if need be; Deaf without one."""
        if await self._answers():
            return
        await self.hang_up()
        if not await self._answers():
            raise Deaf("AT")

    async def _answers(self):
        for _ in range(TRIES):
            try:
                await self.ask("AT", ALIVE_S)
                return True
            except OSError:
                pass
        return False

    async def hang_up(self):
        """Leave the data of a connection (V.250, 6.3: escape between two silences) and end it."""
        await asyncio.sleep(GUARD_S)
        self._port.write(b"+++")
        await asyncio.sleep(GUARD_S)
        try:
            await self.ask("ATH", ALIVE_S)
        except OSError:
            pass  # there was none

    async def value(self, command, prefix):
        """What the answer says behind `prefix`, "" if nothing. News may come in between: the last one counts."""
        lines = await self.ask(command)
        found = [line[len(prefix) :].strip() for line in lines if line.startswith(prefix)]
        return found[-1] if found else ""

    async def prepare(self, apn):
        """Facts of the SIM, and its access point set; Refused says why the SIM can not be used."""
        await self.ask("ATE0")
        await self.ask("AT+CMEE=2")  # reasons in words
        await self._wait_for_sim()
        await self.ask('AT+CGDCONT=1,"IP","%s"' % apn)
        return {"sim": (await self._card_number())[-4:]}

    async def _wait_for_sim(self):
        for second in range(SIM_S + 1):
            try:
                says = await self.value("AT+CPIN?", "+CPIN:")
            except Refused as why:  # also while it is still looking
                if second == SIM_S:
                    raise Refused("SIM: %s" % why)
                says = ""
            if says == "READY":
                return
            if says in ("SIM PIN", "SIM PUK"):  # three wrong ones lock it: that is for a person
                raise Refused("SIM: locked, %s" % says)
            await asyncio.sleep(1)
        raise Refused("SIM: not ready")

    async def _card_number(self):
        """The SIM's ICCID, "" if it does not tell."""
        for command in ("AT+CICCID", "AT+CCID"):
            try:
                lines = await self.ask(command)
            except Refused:
                continue
            for line in lines:
                number = line.split(":")[-1].strip().strip('"')
                if 18 <= len(number) <= 22 and number[:2] == "89":  # ITU-T E.118
                    return number
        return ""

    async def register(self):
        """Wait for a network, and tell of it: `operator`, `dial_dbm`. Refused without one."""
        states = []
        for _ in range(REGISTER_S):
            states = [await self._registration("CEREG"), await self._registration("CGREG")]
            if HOME in states or ROAMING in states:
                return {"operator": await self._operator(), "dial_dbm": await self._signal_dbm()}
            await asyncio.sleep(1)
        raise Refused("no network, registration %s" % states)

    async def _registration(self, name):
        """`stat` of `+C…REG: <n>,<stat>[,…]` asked for, or of `+C…REG: <stat>[,…]` told by itself; -1 without."""
        try:
            parts = (await self.value("AT+%s?" % name, "+%s:" % name)).split(",")
        except Refused:
            return -1
        second = parts[1].strip() if len(parts) > 1 else ""
        return _whole(second if second.isdigit() else parts[0])

    async def _operator(self):
        try:
            await self.ask("AT+COPS=3,0")  # the long name
            parts = (await self.value("AT+COPS?", "+COPS:")).split(",")
        except Refused:
            return ""
        return parts[2].strip('" ')[:20] if len(parts) > 2 else ""

    async def _signal_dbm(self):
        """As it is before dialling: later the line is taken. None when the modem does not know."""
        try:
            level = _whole((await self.value("AT+CSQ", "+CSQ:")).split(",")[0])
        except Refused:
            return None
        return 2 * level - 113 if 0 <= level <= 31 else None  # 3GPP TS 27.007, 8.5

    async def dial(self):
        """From here on the port carries PPP. Refused."""
        await self.ask("ATD*99#", DIAL_S)


def _says_no(line, command):
    if line.startswith(("ERROR", "+CME ERROR", "+CMS ERROR")) or line in RESTARTED:
        return True
    return command.startswith("ATD") and line.startswith(CALL_ENDS)


def _whole(text):
    text = text.strip()
    return int(text) if text.isdigit() else -1
