"""The words for what a pole feels of itself. `protocol.messages` offers them with the others."""

from protocol.schema import FLAG, NAME, NUMBER, REQUIRED, WORDS, Choice, Int, Many, Message, Text

# What a pole felt of itself: receipts without a session, so that they survive power cuts as the others do.
MAINS_LOST, MAINS_BACK = "mains_lost", "mains_back"
CABINET_OPENED, CABINET_CLOSED = "cabinet_opened", "cabinet_closed"
HORN_OPEN, HORN_SHORT, HORN_WEAK, HORN_FINE = "horn_open", "horn_short", "horn_weak", "horn_fine"
AMP_DEAD, AMP_FINE = "amp_dead", "amp_fine"
BATTERY_WEAK, BATTERY_FINE = "battery_weak", "battery_fine"
CHECKED = "checked"  # a test of itself is over: `why` says which and how
KEY_STOP, KEY_ALARM, ALARM_OVER = "key_stop", "key_alarm", "alarm_over"  # somebody at the pole
EVENTS = (MAINS_LOST, MAINS_BACK, CABINET_OPENED, CABINET_CLOSED, HORN_OPEN, HORN_SHORT, HORN_WEAK, HORN_FINE)
EVENTS += (AMP_DEAD, AMP_FINE, BATTERY_WEAK, BATTERY_FINE, CHECKED, KEY_STOP, KEY_ALARM, ALARM_OVER)
MAX_HORNS = 8

FIGURE = Int(0, 100000)


class Check(Message):
    """Look at yourself now: the horns (silent test), or the battery; `calibrate` says that what is there is right."""

    TYPE = "check"
    FIELDS = (("what", Choice(("horns", "battery", "calibrate")), REQUIRED),)


class Telemetry(Message):
    """What a pole feels of itself, on loa/p/<pole>/telemetry: each minute and on change; the newest counts.

    What is not fitted or not known is left out. `faults` are words of the pole: "horn_open 2", "amp_dead".
    """

    FIELDS = (
        ("pole", NAME, REQUIRED),
        ("at_ms", NUMBER, REQUIRED),
        ("boot", NUMBER, 0),
        ("firmware", Text(24), ""),
        ("runtime", WORDS, ""),
        ("mains", FLAG, None),
        ("battery_mv", FIGURE, None),
        ("battery_minutes", FIGURE, None),  # that it would last from now on without mains
        ("amp_ma", FIGURE, None),  # drawn by the amplifier
        ("horns_ma", Many(FIGURE, MAX_HORNS), []),  # now: nothing where nothing sounds
        ("temperature_c", Int(-60, 150), None),
        ("cabinet_open", FLAG, None),
        ("rssi_dbm", Int(-150, 0), None),  # of the radio, now
        ("uplink", Text(8), ""),  # what carries: "lan", "wifi", "4g"
        ("operator", Text(20), ""),  # of the mobile network …
        ("sim", Text(4), ""),  # … the last digits of the SIM's number, which tell a person which one it is …
        ("dial_dbm", Int(-150, 0), None),  # … and the signal when it was dialled
        ("free_kb", NUMBER, 0),
        ("clock", Choice(("none", "rtc", "net")), "none"),  # where its time is from …
        ("clock_age_s", NUMBER, 0),  # … how long ago that was …
        ("clock_error_us", NUMBER, None),  # … and by how much it may be wrong for the path's sake
        ("faults", Many(NAME, 16), []),
    )
