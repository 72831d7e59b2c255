"""Child processes that never outlive the process that started them."""

import ctypes
import signal

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Give this as `preexec_fn`: on Linux the kernel kills the child when the thread that started it is gone, also
    after kill -9.
    """
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
