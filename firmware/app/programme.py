"""The audio of one session as one line of time, whatever files and pauses it consists of."""

from firmware.app.codecs import codec_of
from firmware.app.volume import loudest, scale
from protocol import airtime
from protocol.messages import BLOCK_FRAMES, RATE

SILENT = 33  # of 32768, or -60 dB: what a codec makes of digital silence stays below it
MOST_OVER_MS = 1000  # a file may be this much longer than its session: the length is rounded


def pause_frames(item):
    """Frames of silence behind an item."""
    return (item.pause_ms or 0) * RATE // 1000


class Programme:
    """The items of a session, each followed by its pause, in blocks that can be entered anywhere."""

    def __init__(self, media, items):
        self._media = media
        self._items = items
        self.frames = sum([item.frames + pause_frames(item) for item in items])
        self.silent = []  # numbers, from 1, of the items that were read to their end and held no sound
        self._codec = self._file = None
        self._index = -1
        self._left = 0  # frames of the item that is open
        self._pause = 0  # frames of silence to come before the next item
        self._read = self._loudest = 0  # of the item that is open

    def seek(self, frame):
        """Go to the block with this frame; how many frames of the block come before it."""
        self.close()
        for index, item in enumerate(self._items):
            if frame < item.frames:
                self._open(index)
                before = frame // self._codec.block_frames
                self._file.seek(before * self._codec.block_bytes)
                self._left -= before * self._codec.block_frames
                return frame % self._codec.block_frames
            frame -= item.frames
            if frame < pause_frames(item):
                self._index = index
                self._pause = pause_frames(item) - frame
                return 0
            frame -= pause_frames(item)
        self._index = len(self._items)
        return 0

    def _open(self, index):
        if index != self._index:
            self._read = self._loudest = 0
        self._index = index
        item = self._items[index]
        self._codec = codec_of(item)
        self._file = self._media.open(item.media)
        self._left = item.frames

    def read(self, out):
        """The next block's samples in `out` (room for BLOCK_FRAMES); how many, 0 at the end. OSError of the file."""
        while not self._left:
            if self._pause:
                return self._silence(out)
            self.close()
            if self._index + 1 >= len(self._items):
                return 0
            self._open(self._index + 1)
        count = min(self._codec.block_frames, self._left)
        self._codec.read(self._file, out, count)
        self._left -= count
        self._read += count
        if self._loudest < SILENT:  # afterwards there is nothing more to find out
            self._loudest = max(self._loudest, loudest(out, count))
        if not self._left:
            self._ended()
        return count

    def _silence(self, out):
        count = min(BLOCK_FRAMES, self._pause)
        scale(out, count, 0, 0)
        self._pause -= count
        return count

    def _ended(self):
        """Of an item that was entered late only what was read can be judged: a second of it, or it is not."""
        item = self._items[self._index]
        self._pause = pause_frames(item)
        if self._loudest < SILENT and self._read >= min(item.frames, RATE) and self._index + 1 not in self.silent:
            self.silent.append(self._index + 1)

    def close(self):
        """Give the file back."""
        if self._file:
            self._file.close()
            self._file = None
        self._left = self._pause = 0


def limit_of(session, rules, frames):
    """Frames of a programme of `frames` that may sound: its session's length, and never more than the rules allow."""
    if frames * 125 // 2 > (session.length_ms + MOST_OVER_MS) * 1000:
        frames = session.length_ms * 16
    longest = airtime.longest_seconds(rules, session)
    return frames if longest is None else min(frames, longest * RATE)
