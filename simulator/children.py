"""Child processes that never outlive the process that started them."""

import ctypes
import signal

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Give this as `preexec_fn`: the kernel kills the child when its parent is gone, also after kill -9 (Linux)."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
