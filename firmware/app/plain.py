"""What stands in for MicroPython's machine code where there is none: CPython runs the same lines.

    try:
        import micropython
    except ImportError:
        from firmware.app.plain import micropython, ptr8, ptr16

The compiler knows the decorator by this very name, so each file with machine code begins like this.
"""


class micropython:  # noqa: N801 - stands in for the module
    """The decorator does nothing."""

    @staticmethod
    def viper(function):
        """The function as it is."""
        return function


def ptr8(buffer):
    """A pointer to bytes is the buffer itself."""
    return buffer


def ptr16(buffer):
    """A pointer to 16-bit numbers is a view of it."""
    return memoryview(buffer).cast("B").cast("H")
