"""A watchdog for a process: without food the kernel ends it by a signal that nothing in it handles (SIGALRM)."""

import sys

if sys.implementation.name == "micropython":
    import ffi

    _alarm = ffi.open("libc.so.6").func("I", "alarm", "I")
else:
    from signal import alarm as _alarm


class Watchdog:
    """Begins to wait when it is made."""

    def __init__(self, ms):
        self._seconds = (ms + 999) // 1000
        self.feed()

    def feed(self):
        """Wait again from now on."""
        _alarm(self._seconds)
