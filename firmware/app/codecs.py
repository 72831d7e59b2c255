"""One interface for every kind of audio: `read(file, out, count)` gives the samples of the file's next block.

Each is chosen by the word in the plan's item and knows the size of its blocks, so that a file can be entered anywhere.
"""

from firmware.app import codec_ima, codec_mulaw
from protocol import messages


class Ima:
    """Half a byte a sample. The last block of a file may be cut behind its last sample."""

    block_bytes, block_frames = messages.CODECS[messages.IMA]

    def __init__(self):
        self._block = bytearray(self.block_bytes)

    def read(self, file, out, count):
        """Decode `count` samples (at most `block_frames`) into `out`; OSError when the file ends before."""
        _need(file.readinto(self._block), 4 + count // 2)
        codec_ima.decode(self._block, out, count, codec_ima.STEPS)


class MuLaw:
    """A byte a sample."""

    block_bytes, block_frames = messages.CODECS[messages.MULAW]

    def __init__(self):
        self._block = bytearray(self.block_bytes)

    def read(self, file, out, count):
        """See Ima."""
        _need(file.readinto(self._block), count)
        codec_mulaw.decode(self._block, out, count)


class Pcm:
    """Two bytes a sample, little-endian as the chip itself: nothing is to be done."""

    block_bytes, block_frames = messages.CODECS[messages.PCM]

    def read(self, file, out, count):
        """See Ima."""
        _need(file.readinto(memoryview(out)[: self.block_bytes]), count * 2)


KINDS = {messages.IMA: Ima, messages.MULAW: MuLaw, messages.PCM: Pcm}


def codec_of(item):
    """A decoder for a plan's item (messages.Item)."""
    return KINDS[item.codec or messages.IMA]()


def _need(got, least):
    if got < least:
        raise OSError("audio file too short")
