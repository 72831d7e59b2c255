"""Flash of an ESP32: a littlefs folder."""

import os

from firmware.hal import files


class Files(files.Files):
    """The chip's own flash; flushing a file is what makes it last."""

    stalls_audio = True  # erasing it stops the caches, and the I2S driver with them

    def free(self):
        """Bytes left."""
        block, _, _, free = os.statvfs(self._folder)[:4]
        return block * free
