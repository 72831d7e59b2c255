"""Sound: recordings in, one loudness, programmes, and the files that poles fetch; all streamed."""

from .files import keep_newest, scratch, sweep
from .media import decode_media, decode_to_wav, encode, media_waveform
from .prepare import Limits, prepare
from .programme import join, programme_ms
from .sound import RATE, BadSound, Programme, SoundFailed
from .waveform import waveform

__all__ = [
    "RATE", "BadSound", "Limits", "Programme", "SoundFailed",
    "decode_media", "decode_to_wav", "encode", "join", "keep_newest", "media_waveform", "prepare", "programme_ms",
    "scratch", "sweep", "waveform",
]
