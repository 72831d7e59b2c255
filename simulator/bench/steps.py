"""Counts the instructions that a process executes between two marks, by stepping through it: ptrace and no tool.

A mark is the signal SIGUSR1 that the process sends to itself. Linux on x86 only; the process may be of 32 bits.
"""

import ctypes
import os
import signal
import subprocess

TRACEME, CONT, SINGLESTEP = 0, 7, 9
MARK = signal.SIGUSR1
FOREVER = 3_000_000  # steps: far more than anything that is measured here


class NotCounted(Exception):
    """The process could not be stepped through; the text says why."""


def _ptrace(request: int, pid: int) -> None:
    if _libc.ptrace(request, pid, None, None) == -1:
        number = ctypes.get_errno()
        raise NotCounted(f"ptrace: {os.strerror(number)}")


_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def count_steps(argv: list[str], cwd: str | None = None) -> list[int]:
    """Run a command and give the instructions between its 1st and 2nd mark, its 3rd and 4th, and so on.

    NotCounted when the machine does not allow it, or the process ends in another way than it should.
    """
    # A shell would be traced too: the command is the program itself. What it prints is of no interest.
    process = subprocess.Popen(
        argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, preexec_fn=lambda: _ptrace(TRACEME, 0)
    )
    try:
        return _follow(process.pid)
    except ChildProcessError as gone:
        raise NotCounted("the process is gone") from gone
    finally:
        process.kill()
        process.wait()


def _follow(pid: int) -> list[int]:
    counts: list[int] = []
    inside, steps = False, 0
    while steps < FOREVER:
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            if status == 0 and not inside:
                return counts
            raise NotCounted(f"the process ended within a measurement, or badly (status {status})")
        got = os.WSTOPSIG(status)
        if got == MARK:
            if inside:
                counts.append(steps)
            inside, steps = not inside, 0
        elif got != signal.SIGTRAP:
            raise NotCounted(f"the process was stopped by {signal.Signals(got).name}")
        steps += inside
        _ptrace(SINGLESTEP if inside else CONT, pid)
    raise NotCounted("the process did not come to its next mark")
