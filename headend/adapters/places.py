"""Hà Nội's 126 communes and wards, from the data that the `vietnamadminunits` package (MIT) carries."""

import sqlite3
from importlib.util import find_spec
from pathlib import Path

from headend.domain.areas import Commune

HANOI = "01"  # code of the province-level unit

_SELECT = """SELECT wardCode, ward, wardType, wardLat, wardLon FROM admin_units
             WHERE provinceCode = ? ORDER BY wardCode"""


def communes(province: str = HANOI) -> list[Commune]:
    """All units of a province since 2025-07-01, in the order of their codes."""
    connection = sqlite3.connect(f"file:{_dataset()}?mode=ro", uri=True)
    try:
        rows = connection.execute(_SELECT, (province,)).fetchall()
    finally:
        connection.close()
    return [Commune(code, name, kind.lower(), lat, lon) for code, name, kind, lat, lon in rows]


def _dataset() -> Path:
    """The package's database; its code is not imported."""
    spec = find_spec("vietnamadminunits")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package vietnamadminunits is not installed")
    return Path(spec.origin).parent / "data" / "dataset.db"
