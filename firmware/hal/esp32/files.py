"""Flash of an ESP32: a littlefs folder. Renaming replaces; flushing a file is what makes it last."""

import os


class Files:
    """Names are relative to the pole's data folder."""

    stalls_audio = True  # erasing the chip's own flash stops the caches, and the I2S driver with them

    def __init__(self, folder):
        self._folder = folder + "/"
        for name in (folder, folder + "/media"):
            try:
                os.mkdir(name)
            except OSError:
                pass

    def open(self, name, mode):
        """A binary file."""
        return open(self._folder + name, mode)

    def flush(self, file):
        """On flash when this returns."""
        file.flush()

    def rename(self, old, new):
        """Replaces what has the new name."""
        os.rename(self._folder + old, self._folder + new)

    def remove(self, name):
        """OSError if there is none."""
        os.remove(self._folder + name)

    def size(self, name):
        """Bytes, or -1."""
        try:
            return os.stat(self._folder + name)[6]
        except OSError:
            return -1

    def names(self, folder):
        """Names in a folder."""
        return os.listdir(self._folder + folder)

    def free(self):
        """Bytes left."""
        block, _, _, free = os.statvfs(self._folder)[:4]
        return block * free
