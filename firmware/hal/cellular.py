"""4G by a modem on a serial line: AT until it is connected, then PPP. The driver, the pins and the line are given."""

import asyncio

from firmware.hal.modem import Chat, Deaf
from firmware.hal.uplink import Uplink, until

PPP_S = 30
CLOSE_S = 15  # a modem that is gone does not say good-bye: the driver gives up after some seconds
BUSY = 3  # of the driver's `status()`: from here on it connects, is connected or has not ended yet, and reads the line
# By the hardware design guides of SIMCom's LTE modems half a second of the power key switches on, and 2.5 to 5 s switch
# off, which takes up to 28 s (until then the key does nothing); AT is answered some 15 s after power. Not tried.
KEY_ON_S = 1
KEY_OFF_S = 3
DOWN_S = 30
NO_POWER_S = 5
BOOT_S = 30


class Cellular(Uplink):
    """An uplink over a modem."""

    name = "4g"

    def __init__(self, port, ppp, apn, key=None, supply=None):
        """`port`: see modem.py; `ppp(port)`: a driver like `network.PPP`; `key(1)` presses the power key, `supply(0)`
        takes the modem's power; either may be missing.
        """
        Uplink.__init__(self)
        self._port = port
        self._ppp = ppp
        self._apn = apn
        self._key = key
        self._supply = supply
        self._known = {}

    async def up(self):
        """Dial, or OSError."""
        await self._close()
        chat = Chat(self._port)
        try:
            await chat.wake()
        except Deaf:
            if self._key is None:
                raise
            await self._press(KEY_ON_S)  # perhaps it is off; if not, this is too short to do harm
            await self._boot(chat)
        self._known = await chat.prepare(self._apn)
        self._known.update(await chat.register())
        await chat.dial()
        if self._nic is None:
            self._nic = self._ppp(self._port)  # once: as the driver's object goes, it takes the line from the next one
        self._nic.connect()
        await until(self.alive, PPP_S)

    async def _close(self):
        """The end of the last connection: until then the driver takes what the modem answers. OSError."""
        self.down()
        if self._nic:
            await until(lambda: self._nic.status() < BUSY, CLOSE_S)

    def down(self):
        """Begin to hang up; whoever calls does not wait for it."""
        if self._nic:
            self._nic.disconnect()

    async def restart(self):
        """Take the modem's power, by whatever there is to do it with."""
        try:
            await self._close()
        except OSError:
            pass  # it is about to end
        chat = Chat(self._port)
        if self._supply:
            self._supply(0)
            await asyncio.sleep(NO_POWER_S)
            self._supply(1)
        elif self._key:
            await self._press(KEY_OFF_S)
            await asyncio.sleep(DOWN_S)
        else:
            await chat.wake()
            await chat.ask("AT+CRESET")
        if self._key:
            await self._press(KEY_ON_S)
        await self._boot(chat)

    async def _press(self, seconds):
        self._key(1)
        await asyncio.sleep(seconds)
        self._key(0)

    async def _boot(self, chat):
        for _ in range(BOOT_S):
            try:
                await chat.ask("AT", 1)
                return
            except OSError:
                pass
        raise Deaf("after power")

    def facts(self):
        """Also `operator`, the last four digits of the SIM's number, and `dial_dbm`: the signal when it was dialled."""
        facts = Uplink.facts(self)
        facts.update(self._known)
        return facts
