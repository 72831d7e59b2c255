"""The year of the reports: what it spans, and by when each level has to report (B-01, B-02, B-03)."""

from dataclasses import dataclass
from datetime import date, timedelta

from headend.law.rulebook import Rulebook

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class ReportYear:
    """Both days in. `unit_by`, `city_by`, `ministry_by`: the last day on which each is in time."""

    first: date
    last: date
    unit_by: date
    city_by: date
    ministry_by: date


def report_year(book: Rulebook, day: date) -> ReportYear:
    """The year of reports that a day of Hà Nội falls into: from 15 December to the 14th of the next (B-02)."""
    span = book.rules["B-02"].numbers
    last = _on(span["year_to"], day.year)
    if day > last:
        last = _on(span["year_to"], day.year + 1)
    city, unit = book.rules["B-03"].numbers, book.rules["B-01"].numbers
    return ReportYear(_on(span["year_from"], last.year - 1), last, _before(unit["before"], last.year),
                      _before(city["city_before"], last.year), _before(city["ministry_before"], last.year))


def _on(month_and_day: str, year: int) -> date:
    return date.fromisoformat(f"{year:04d}-{month_and_day}")


def _before(month_and_day: str, year: int) -> date:
    """The day before: the texts say "trước ngày"."""
    return _on(month_and_day, year) - ONE_DAY
