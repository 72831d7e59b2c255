"""The audio of one session, whatever files it consists of."""

from firmware.app.codec_ima import STEPS, decode
from protocol.messages import BLOCK_BYTES, BLOCK_FRAMES


class Programme:
    """The files of a session as one stream of blocks that can be entered anywhere."""

    def __init__(self, media, items):
        self._media = media
        self._items = items
        self.frames = sum([item.frames for item in items])
        self._file = None
        self._index = -1
        self._left = 0
        self._block = bytearray(BLOCK_BYTES)

    def seek(self, frame):
        """Go to the block with this frame; how many frames of the block come before it."""
        self.close()
        for index, item in enumerate(self._items):
            if frame < item.frames:
                self._open(index)
                self._file.seek(frame // BLOCK_FRAMES * BLOCK_BYTES)
                self._left = item.frames - frame // BLOCK_FRAMES * BLOCK_FRAMES
                return frame % BLOCK_FRAMES
            frame -= item.frames
        return 0

    def _open(self, index):
        self._index = index
        self._file = self._media.open(self._items[index].media)
        self._left = self._items[index].frames

    def read(self, out):
        """Decode the next block into `out`; its frames, 0 at the end."""
        while not self._left:
            self.close()
            if self._index + 1 >= len(self._items):
                return 0
            self._open(self._index + 1)
        if self._file.readinto(self._block) < 5:
            raise OSError("audio file too short")
        count = min(BLOCK_FRAMES, self._left)
        decode(self._block, out, count, STEPS)
        self._left -= count
        return count

    def close(self):
        """Give the file back."""
        if self._file:
            self._file.close()
            self._file = None
        self._left = 0
