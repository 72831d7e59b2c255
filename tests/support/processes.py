"""Which processes a test has started and not ended."""

import os
from pathlib import Path


def children() -> dict[int, str]:
    """The living child processes of this one: command line by process id."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # "pid (name) state ppid …"; a name may hold anything, even ')'
            state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (folder / "cmdline").read_text().replace("\0", " ").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
        if int(parent) == os.getpid() and state != "Z":
            found[int(folder.name)] = command
    return found


def runs(pid: int) -> bool:
    """Whether a process is there and has not ended, whoever its parent is."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
