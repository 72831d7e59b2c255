"""Sensitive places of a commune from GeoJSON (RFC 7946): points and polygons with a `kind` and a `name`."""

import json
from typing import Any

from headend.domain.siting import KINDS, SensitivePlace, Spot


class BadPlaces(ValueError):
    """The file is wrong; the text names the place in it."""


def read(raw: str) -> list[SensitivePlace]:
    """The places of a FeatureCollection, or BadPlaces. Of a polygon the outer ring counts."""
    try:
        features = json.loads(raw)["features"]
        return [_place(one, f"features[{number}]") for number, one in enumerate(features)]
    except (ValueError, TypeError, KeyError) as why:
        raise why if isinstance(why, BadPlaces) else BadPlaces(f"a FeatureCollection is expected: {why!r}") from why


def _place(feature: Any, at: str) -> SensitivePlace:
    try:
        told, shape = feature["properties"], feature["geometry"]
        kind, name = told["kind"], str(told.get("name", ""))
        points = {"Point": [shape["coordinates"]], "Polygon": shape["coordinates"][0]}[shape["type"]]
        outline = tuple(Spot(float(lat), float(lon)) for lon, lat, *_ in points)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as why:
        raise BadPlaces(f"{at}: a Point or Polygon with kind and name is expected") from why
    if kind not in KINDS:
        raise BadPlaces(f"{at}.properties.kind: one of {', '.join(KINDS)} is expected, not {kind!r}")
    if not outline or not all(-90 <= one.lat <= 90 and -180 <= one.lon <= 180 for one in outline):
        raise BadPlaces(f"{at}.geometry.coordinates: longitude and latitude in degrees are expected")
    return SensitivePlace(kind, name, outline)
