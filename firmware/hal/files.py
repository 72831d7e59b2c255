"""Files as every board has them: a folder of littlefs or POSIX, where renaming replaces."""

import os


class Files:
    """Names are relative to the data folder; they use '/' and never '..'. A board adds `stalls_audio` and `free`."""

    def __init__(self, folder):
        self._folder = folder + "/"
        for name in (folder, folder + "/media", folder + "/keep"):
            try:
                os.mkdir(name)
            except OSError:
                pass

    def _path(self, name):
        return self._folder + name

    def open(self, name, mode):
        """A binary file; modes rb, wb, ab, r+b, w+b."""
        return open(self._path(name), mode)

    def flush(self, file):
        """On flash when this returns."""
        file.flush()

    def rename(self, old, new):
        """Give a file its new name, replacing what has it."""
        os.rename(self._path(old), self._path(new))

    def remove(self, name):
        """Delete a file; OSError if there is none."""
        os.remove(self._path(name))

    def size(self, name):
        """Bytes, or -1 if there is no such file."""
        try:
            return os.stat(self._path(name))[6]
        except OSError:
            return -1

    def names(self, folder):
        """Names of the files in a folder (ends in '/')."""
        return os.listdir(self._path(folder))
