"""Files that exist whole under their final name or not at all."""

import hashlib
import os
import shutil
import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .sound import RATE, SEGMENT_FRAMES

_PREFIX = ".part-"


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A folder in `folder` for what is needed on the way; gone with its content at the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=_PREFIX) as name:
        yield Path(name)


@contextmanager
def new_file(folder: Path) -> Iterator[BinaryIO]:
    """A file to write in `folder`; unless `commit` gave it a name, it is gone at the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=_PREFIX, delete=False) as file:
        try:
            yield file
        finally:
            Path(file.name).unlink(missing_ok=True)


def commit(file: BinaryIO, target: Path) -> None:
    """Make `file` (from `new_file`) durable under `target`, which must be in the same folder."""
    file.flush()
    os.fchmod(file.fileno(), 0o644)
    os.fsync(file.fileno())
    os.replace(file.name, target)
    folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sweep(folder: Path) -> int:
    """Remove what a killed process left half-written in `folder`; return how many things that were.

    Call it before anything writes there, that is when the head-end starts.
    """
    leftovers = list(folder.glob(_PREFIX + "*"))
    for path in leftovers:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return len(leftovers)


def keep_newest(folder: Path, most: int) -> None:
    """Of the files in a folder of things that can be made again, leave those that were made last.

    Several threads may do so at once: what another one has removed meanwhile is gone, and that is all.
    """
    made: dict[Path, int] = {}
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if not path.name.startswith(_PREFIX):
                made[path] = path.stat().st_mtime_ns
    for path in sorted(made, key=made.__getitem__, reverse=True)[most:]:
        path.unlink(missing_ok=True)


def sha256_of(file: BinaryIO) -> str:
    """Hex SHA-256 of the whole of `file`, whatever was read of it before."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def wav_writer(file: BinaryIO) -> wave.Wave_write:
    """A writer of our one WAV format that replaces what `file` holds."""
    file.seek(0)
    file.truncate()
    writer = wave.open(file, "wb")
    writer.setnchannels(1)
    writer.setsampwidth(2)
    writer.setframerate(RATE)
    return writer


def wav_reader(path: Path) -> wave.Wave_read:
    """A reader of one of our own WAV files. ValueError if it is another kind of file."""
    try:
        reader = wave.open(str(path), "rb")
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} is not a WAV file.") from error
    if (reader.getframerate(), reader.getnchannels(), reader.getsampwidth()) != (RATE, 1, 2):
        reader.close()
        raise ValueError(f"{path} is not 16 kHz, one channel, 16 bits.")
    return reader


def pieces(reader: wave.Wave_read) -> Iterator[np.ndarray]:
    """The int16 samples of one of our WAV files, 10 s at a time."""
    while data := reader.readframes(SEGMENT_FRAMES):
        yield np.frombuffer(data, np.int16)
