"""Whatever a modem says, the pole takes it for an answer, a refusal or none, and nothing else."""

import asyncio
from contextlib import suppress
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from firmware.hal import modem
from firmware.hal.modem import Chat
from simulator.ppp import End, Frames, frame

WORDS = [
    *(b"OK", b"ERROR", b"+CSQ: 20,99", b"+CSQ:", b"+CEREG: ", b'+COPS: 0,0,"', b"CONNECT", b"+CPIN: READY", b"RDY"),
    *(b"AT+CSQ", b"+CME ERROR: SIM busy", b"NO CARRIER", b"\r\n", b"\r", b"~\xff}#", b"\xff\x00", b",,,", b'"', b"-1"),
]
SAID = st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=600)), max_size=30)


class Port:
    def __init__(self, said):
        self._said = [None, *said]

    def read(self):
        return self._said.pop(0) if self._said else None

    def write(self, raw):
        pass


@given(said=SAID, deed=st.sampled_from(["ask", "_signal_dbm", "_operator", "_registration", "_card_number"]))
def test_nothing_that_a_modem_says_breaks_the_talk(said, deed):
    chat = Chat(Port(said))
    arguments = {"ask": ("AT", 1), "_registration": ("CEREG",)}.get(deed, ())
    with patch.object(modem, "LOOK_S", 0), suppress(OSError):
        asyncio.run(getattr(chat, deed)(*arguments))
    assert len(chat._heard) < 20_000


@given(protocol=st.integers(0, 65535), packet=st.binary(max_size=200))
def test_a_frame_comes_out_as_it_went_in(protocol, packet):
    assert Frames().feed(frame(protocol, packet)) == [(protocol, packet)]


@given(raw=st.binary(max_size=300), at=st.integers(0, 20), bit=st.integers(1, 255))
def test_no_bytes_break_an_end_of_the_line_and_a_flipped_one_is_no_frame(raw, at, bit):
    End(b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02").take(raw)
    good = bytearray(frame(0xC021, b"\x01\x01\x00\x04abcdefghijklmnop"))
    at = 1 + at % (len(good) - 2)
    good[at] ^= bit
    assert (0xC021, b"\x01\x01\x00\x04abcdefghijklmnop") not in Frames().feed(bytes(good))
