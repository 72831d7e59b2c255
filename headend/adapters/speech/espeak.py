"""The built-in Vietnamese voice: espeak-ng from a wheel, in a short-lived process of its own.

A process, because a fault in the library must not take the head-end with it, and because espeak-ng is GPL and
this project is not: the two only exchange text and a WAV file.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from . import program
from .text import SpeechFailed, cleaned

_ROOT = Path(__file__).parents[3]
_WORKER = (sys.executable, "-m", "headend.adapters.speech.espeak_worker")
_SECONDS = 30.0


class EspeakVoice:
    """Speaks with espeak-ng. `command` starts the worker, which gets the WAV file's name as last argument."""

    def __init__(self, command: Sequence[str] = _WORKER, seconds: float = _SECONDS) -> None:
        self._command = tuple(command)
        self._seconds = seconds

    def speak(self, text: str, out: Path) -> Path:
        """Write `text`, spoken, to `out` (WAV). Raises BadText, SpeechFailed.

        A worker that failed is started once more; its second failure is told.
        """
        clean = cleaned(text)
        try:
            return self._start(clean, out)
        except SpeechFailed:
            return self._start(clean, out)

    def _start(self, clean: str, out: Path) -> Path:
        env = {"PYTHONPATH": str(_ROOT)}
        return program.run((*self._command, str(out)), clean, out, self._seconds, env)
