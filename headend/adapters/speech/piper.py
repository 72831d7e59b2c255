"""A Piper voice, for stations that have a model. Piper (piper-tts) is GPL: it is only run as a program."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from . import program
from .text import cleaned

_SECONDS = 600.0
_SENTENCE_PAUSE_SECONDS = 0.4
_SLOWER = 1.15  # length of the sounds against the model's own pace


class NoVoice(ValueError):
    """The voice that the settings ask for is not on this machine; the text says what to do."""


class PiperVoice:
    """Speaks with the Piper model at `model`. `named` is the piper program; else it is looked for."""

    def __init__(self, model: Path, named: str | None = None, seconds: float = _SECONDS) -> None:
        if not model.is_file():
            raise NoVoice(f"There is no Piper model at {model}.")
        if not Path(f"{model}.json").is_file():
            raise NoVoice(f"The Piper model needs its description beside it: {model}.json is missing.")
        self._command = (*_piper(named), "--model", str(model))
        self._seconds = seconds

    def speak(self, text: str, out: Path) -> Path:
        """Write `text`, spoken, to `out` (WAV). Raises BadText, SpeechFailed."""
        pace = ("--length-scale", str(_SLOWER), "--sentence-silence", str(_SENTENCE_PAUSE_SECONDS))
        command = (*self._command, *pace, "--output-file", str(out))
        return program.run(command, cleaned(text) + "\n", out, self._seconds, os.environ)


def _piper(named: str | None) -> tuple[str, ...]:
    if named is not None:
        found = shutil.which(named)
        if found is None:
            raise NoVoice(f"The piper program {named} is not there, or may not be run.")
        return (found,)
    if found := shutil.which("piper"):
        return (found,)
    if importlib.util.find_spec("piper"):
        return (sys.executable, "-m", "piper")
    raise NoVoice("A Piper model is set, but there is no piper program: run `pip install piper-tts`.")
