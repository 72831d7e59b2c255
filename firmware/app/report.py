"""Tells the head-end what the pole saw itself do: on flash first, then sent again and again until it says it
has it.
"""

import asyncio

from protocol import messages, receipt, topics

WINDOW = 8  # receipts under way at once
FIRST_RESEND_S = 5
LAST_RESEND_S = 60


class Report:
    """Receipts and the retained state of one pole."""

    def __init__(self, pole, key, boot, journal, clock, describe):
        """`describe()`: the State's fields that others know, as a dict."""
        self._pole = pole
        self._key = key
        self._boot = boot
        self._journal = journal
        self._clock = clock
        self._describe = describe
        self._wake = asyncio.Event()
        self._stream = topics.pole(pole)
        self._said = None
        self._since_ms = 0  # when the connection began
        self._sent = 0  # the last receipt that went out and may still be under way
        self.link = None
        self.turns = 0  # signs of life of this task (vigil)

    def note(self, kind, session="", emergency=False, **fields):
        """Write a receipt to flash and send it as soon as there is a way."""
        told = messages.Receipt(
            pole=self._pole,
            journal=self._journal.name,
            seq=self._journal.last_seq + 1,
            boot=self._boot,
            kind=kind,
            at_ms=self._clock.now_ms(),
            session=session,
            **fields,
        )
        self._journal.append(told, emergency)
        self._wake.set()

    def take_ack(self, raw):
        """The head-end's acknowledgement; WireError when it is not one."""
        ack = receipt.unpack(self._key, receipt.ACK, messages.Ack, raw)
        if ack.pole == self._pole and ack.journal == self._journal.name:
            self._journal.ack(ack.upto)
            self._wake.set()

    def state(self, online):
        """(topic, bytes) of the retained state; `online` = 0 is the last will.

        All states of a connection bear the instant at which its last will was made: so the head-end can tell
        the will of this connection from one that an older connection left behind.
        """
        if not online:
            self._since_ms = self._clock.now_ms()
        said = messages.State(
            pole=self._pole, online=online, at_ms=self._since_ms, boot=self._boot, **self._describe()
        )
        return topics.topic(self._stream, topics.STATE), receipt.pack(self._key, receipt.STATE, said)

    async def tell_telemetry(self, fields):
        """Publish what the pole feels (fields of messages.Telemetry), once and unconfirmed."""
        about = self._describe()
        for name in ("runtime", "firmware"):
            fields[name] = about[name]
        said = messages.Telemetry(pole=self._pole, at_ms=self._clock.now_ms(), boot=self._boot, **fields)
        topic = topics.topic(self._stream, topics.TELEMETRY)
        return await self.link.say(topic, receipt.pack(self._key, receipt.TELEMETRY, said))

    async def tell_state(self, always=False):
        """Publish the state if it says something new."""
        now = self._describe()
        if always or now != self._said:
            topic, payload = self.state(1)
            if await self.link.publish(topic, payload, True):
                self._said = now

    def send_again(self):
        """Send everything that is not acknowledged: the connection is new."""
        self._sent = 0
        self._wake.set()

    async def run(self):
        """Sends for ever."""
        wait_s = FIRST_RESEND_S
        acked = -1
        while True:
            self.turns += 1
            self._wake.clear()
            if self._journal.acked != acked:
                acked = self._journal.acked
                wait_s = FIRST_RESEND_S
            await self._send()
            try:
                await asyncio.wait_for(self._wake.wait(), wait_s)
                await asyncio.sleep(0.05)  # several things often happen at once: one batch
            except asyncio.TimeoutError:
                self._sent = 0
                wait_s = min(LAST_RESEND_S, wait_s * 2)

    async def _send(self):
        topic = topics.topic(self._stream, topics.RECEIPT)
        for told in self._journal.pending(WINDOW) if self.link.up else ():
            if told.seq > self._sent:
                if not await self.link.publish(topic, receipt.pack(self._key, receipt.RECEIPT, told)):
                    return
                self._sent = told.seq
