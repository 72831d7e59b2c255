"""Scans of directives on disk, each named by its SHA-256: nothing is ever changed in place. Implements ports.Papers."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path


class PaperFolder:
    """One folder of files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, source: Path) -> str:
        """Copy a file in, whole or not at all; its name."""
        with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as copy, open(source, "rb") as paper:
            shutil.copyfileobj(paper, copy)
            copy.flush()
            os.fsync(copy.fileno())
        with open(copy.name, "rb") as file:
            name = hashlib.file_digest(file, "sha256").hexdigest()
        os.replace(copy.name, self.path(name))
        return name

    def path(self, sha256: str) -> Path:
        """Where a paper lies."""
        return self._folder / sha256
