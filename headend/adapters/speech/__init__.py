"""Vietnamese speech from text. A voice has one method: `speak(text, out)`, which writes a WAV file."""

from pathlib import Path

from .espeak import EspeakVoice
from .piper import NoVoice, PiperVoice
from .text import MOST_CHARACTERS, BadText, SpeechFailed

__all__ = ["MOST_CHARACTERS", "BadText", "EspeakVoice", "NoVoice", "PiperVoice", "SpeechFailed", "choose"]


def choose(piper_model: Path | None = None, piper_program: str | None = None) -> EspeakVoice | PiperVoice:
    """Piper where a model is set, else the built-in espeak-ng. NoVoice if what is set is not there."""
    return EspeakVoice() if piper_model is None else PiperVoice(piper_model, piper_program)
