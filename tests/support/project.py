"""The project's own files, for tests that read them."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("protocol", "firmware", "headend", "simulator")


def files() -> list[Path]:
    """Every file that belongs to the project: what git tracks, or would if it were added."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return sorted(path for path in (ROOT / name for name in listed.split("\0") if name) if path.is_file())


def python_files(*folders: str) -> list[Path]:
    """The Python files below these folders (default: all of them)."""
    wanted = [ROOT / folder for folder in folders] or [ROOT]
    return [
        path
        for path in files()
        if path.suffix == ".py" and any(path.is_relative_to(folder) for folder in wanted)
    ]


def name_of(path: Path) -> str:
    """How a test names a file: its path below the root."""
    return str(path.relative_to(ROOT))
