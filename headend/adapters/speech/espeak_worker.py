"""The worker: `python -m headend.adapters.speech.espeak_worker OUT.wav`, text on standard input.

Loads espeak-ng through ctypes (espeak-ng/speak_lib.h, API of 1.52). Exit 0 when OUT.wav is written.
"""

import ctypes
import resource
import sys
import wave
from collections.abc import Iterator

import espeakng_loader

RATE_WORDS_PER_MINUTE = 120
"""About 160 Vietnamese syllables a minute: a news reader's 200 turn to mush between houses."""

PARAGRAPH_PAUSE_MS = 600
_MEMORY_BYTES = 1 << 30
_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_PARAMETER_RATE = 1
_CHARS_UTF8 = 1
_END_PAUSE = 0x1000
_POSITION_CHARACTER = 1
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """The library with the Vietnamese voice; `rate` in Hz is known after loading. Raises RuntimeError."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.rate = self._library.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, data, _INITIALIZE_DONT_EXIT)
        if self.rate <= 0:
            raise RuntimeError("espeak-ng did not find its data")
        self._samples = bytearray()
        self._callback = _Callback(self._take)  # kept, or the library would call into freed memory
        self._library.espeak_SetSynthCallback(self._callback)
        if self._library.espeak_SetVoiceByName(b"vi"):
            raise RuntimeError("espeak-ng has no Vietnamese voice")
        self._library.espeak_SetParameter(_PARAMETER_RATE, RATE_WORDS_PER_MINUTE, 0)

    def _take(self, samples: "ctypes._Pointer", count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._samples += ctypes.string_at(samples, 2 * count)
        return 0

    def say(self, text: str) -> bytes:
        """The sound of `text`: signed 16 bits, one channel."""
        self._samples.clear()
        data = text.encode() + b"\0"
        flags = _CHARS_UTF8 | _END_PAUSE
        failed = self._library.espeak_Synth(
            data, ctypes.c_size_t(len(data)), 0, _POSITION_CHARACTER, 0, flags, None, None
        )
        if failed or self._library.espeak_Synchronize():
            raise RuntimeError("espeak-ng could not speak the text")
        return bytes(self._samples)


def _paragraphs(voice: Espeak, text: str) -> Iterator[bytes]:
    pause = bytes(2 * (voice.rate * PARAGRAPH_PAUSE_MS // 1000))
    for number, line in enumerate(text.splitlines()):
        if number:
            yield pause
        yield voice.say(line)


def main() -> None:
    """Speak standard input into the file named by the first argument."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    voice = Espeak()
    with wave.open(sys.argv[1], "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(voice.rate)
        for piece in _paragraphs(voice, sys.stdin.read()):
            wav.writeframes(piece)


if __name__ == "__main__":
    main()
