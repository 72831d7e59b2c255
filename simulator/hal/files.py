"""The pole's flash as a folder of the profile."""

import os
import sys

from firmware.hal import files

MICROPYTHON = sys.implementation.name == "micropython"
CAPACITY_BYTES = 64 * 1024 * 1024


class Files(files.Files):
    """A card on a bus of its own."""

    stalls_audio = False  # writing does not stop the sound

    def open(self, name, mode):
        """A binary file; what is written goes to the host at once, so that a kill loses none of it."""
        if MICROPYTHON:
            return open(self._folder + name, mode)
        return open(self._folder + name, mode, buffering=0)

    def flush(self, file):
        """On flash when this returns."""
        file.flush()
        if not MICROPYTHON:
            os.fdatasync(file.fileno())

    def free(self):
        """Bytes left of the simulated flash."""
        used = 0
        for folder in ("", "media/", "keep/"):
            for name in os.listdir(self._folder + folder):
                used += os.stat(self._folder + folder + name)[6]
        return CAPACITY_BYTES - used
