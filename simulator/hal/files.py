"""The pole's flash as a folder of the profile. Renaming replaces, as littlefs and POSIX do."""

import os
import sys

MICROPYTHON = sys.implementation.name == "micropython"


class Files:
    """Names are relative to the pole's data folder; they use '/' and never '..'."""

    stalls_audio = False  # a card on its own bus: writing does not stop the sound

    def __init__(self, folder, capacity=64 * 1024 * 1024):
        self._folder = folder + "/"
        self._capacity = capacity
        for name in (folder, folder + "/media"):
            try:
                os.mkdir(name)
            except OSError:
                pass

    def open(self, name, mode):
        """A binary file; modes rb, wb, ab, r+b, w+b."""
        if MICROPYTHON:
            return open(self._folder + name, mode)
        return open(self._folder + name, mode, buffering=0)

    def flush(self, file):
        """On flash when this returns."""
        file.flush()
        if not MICROPYTHON:
            os.fdatasync(file.fileno())

    def rename(self, old, new):
        """Give a file its new name, replacing what has it."""
        os.rename(self._folder + old, self._folder + new)

    def remove(self, name):
        """Delete a file; OSError if there is none."""
        os.remove(self._folder + name)

    def size(self, name):
        """Bytes, or -1 if there is no such file."""
        try:
            return os.stat(self._folder + name)[6]
        except OSError:
            return -1

    def names(self, folder):
        """Names of the files in a folder (ends in '/')."""
        return os.listdir(self._folder + folder)

    def free(self):
        """Bytes left of the simulated flash."""
        used = 0
        for folder in ("", "media/"):
            for name in os.listdir(self._folder + folder):
                used += os.stat(self._folder + folder + name)[6]
        return self._capacity - used
