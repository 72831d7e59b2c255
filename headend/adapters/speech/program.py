"""Running a synthesiser: a separate program that reads text, leaves a WAV file, and may crash or hang."""

import contextlib
import os
import subprocess
import wave
from collections.abc import Mapping, Sequence
from pathlib import Path

from .text import SpeechFailed

_LAST_WORDS = 300  # characters of the program's last message that go into the log


def run(command: Sequence[str], text: str, out: Path, seconds: float, env: Mapping[str, str]) -> Path:
    """Feed `text` to `command`, which must write `out` in time; else SpeechFailed, and there is no `out`."""
    try:
        _run_once(command, text, seconds, env)
        _check(out)
    except SpeechFailed:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(out)
        raise
    return out


def _run_once(command: Sequence[str], text: str, seconds: float, env: Mapping[str, str]) -> None:
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, timeout=seconds, env={**env, "PYTHONUTF8": "1"}
        )
    except subprocess.TimeoutExpired:
        raise SpeechFailed(f"{name} did not finish within {seconds:g} s") from None
    except OSError as error:
        raise SpeechFailed(f"{name} could not be started: {error.strerror}") from error
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip()[-_LAST_WORDS:]
        raise SpeechFailed(f"{name} ended with {done.returncode}: {last}")


def _check(out: Path) -> None:
    try:
        with wave.open(str(out), "rb") as wav:
            if wav.getnframes():
                return
    except (OSError, wave.Error, EOFError):
        pass
    raise SpeechFailed("the synthesiser left no sound")
