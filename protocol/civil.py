"""Civil time of Asia/Ho_Chi_Minh from Unix milliseconds, in integers: UTC+7 since 1975, no summer time.

Both sides use it, so that the pole and the head-end never disagree about what a day, a half-day or a minute
is.
"""

OFFSET_MS = 7 * 3600 * 1000
DAY_MS = 24 * 3600 * 1000
MINUTE_MS = 60 * 1000

MORNING = "morning"
AFTERNOON = "afternoon"

# Buổi sáng and buổi chiều (rule T-03, ours): [from, to) in minutes of the local day.
HALF_DAYS = ((MORNING, 5 * 60, 12 * 60), (AFTERNOON, 12 * 60, 21 * 60))


def day_number(at_ms):
    """Local days since 1970-01-01 of an instant in Unix ms."""
    return (at_ms + OFFSET_MS) // DAY_MS


def minute_of_day(at_ms):
    """0–1439, local."""
    return (at_ms + OFFSET_MS) % DAY_MS // MINUTE_MS


def weekday(at_ms):
    """0 = Monday … 6 = Sunday, local."""
    return (day_number(at_ms) + 3) % 7  # 1970-01-01 was a Thursday


def instant_ms(day, minute):
    """Unix ms of a local day number and minute."""
    return day * DAY_MS + minute * MINUTE_MS - OFFSET_MS


def half_day(at_ms):
    """MORNING, AFTERNOON, or None at night (21:00–05:00)."""
    minute = minute_of_day(at_ms)
    for name, start, end in HALF_DAYS:
        if start <= minute < end:
            return name
    return None
