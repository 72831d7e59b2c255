"""Who interrupts whom: thông thường < ưu tiên < khẩn cấp (Thông tư 39/2020/TT-BTTTT)."""

NORMAL = 0
PRIORITY = 1
EMERGENCY = 2

NAMES = ("normal", "priority", "emergency")


def interrupts(coming, playing):
    """True if a session of urgency `coming` breaks into one of urgency `playing` at once.

    Only an emergency breaks into something: a priority item goes first in the programme but waits for the
    air, and an emergency waits for a running emergency.
    """
    return coming == EMERGENCY and playing != EMERGENCY
