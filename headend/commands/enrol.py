"""Enrol speaker clusters: into the head-end's list, and one secret profile each for the device in it."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from headend import main, settings
from headend.adapters import geojson
from headend.adapters.broker import BrokerUser, headend_user, pole_user
from headend.adapters.broker.mosquitto import password_line, rights
from headend.cli import BadInput, Refused
from headend.domain.areas import AreaClass, Cluster
from headend.domain.lawful import Finding
from headend.domain.siting import near_sensitive
from headend.law import rulebook
from headend.main import House
from headend.ports import AuditEntry
from headend.services import enrolment
from protocol.schema import WireError
from protocol.topics import check_name


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help='JSON list of clusters: {"id", "commune", "name", "lat", "lon", '
                        'and if wanted "area_class" (Q4, Q, H), "horns"}')
    parser.add_argument("--out", type=Path, required=True, metavar="DIR",
                        help="where the profiles go: DIR/<id>/profile.json, and passwords and rights for Mosquitto")
    parser.add_argument("--reach", default="127.0.0.1", metavar="HOST", help="the head-end as poles reach it")
    parser.add_argument("--broker", metavar="HOST", help="the broker as poles reach it (default: as --reach)")
    parser.add_argument("--places", type=Path, metavar="GEOJSON", help="schools, hospitals and the like (rule P-05): "
                        "points or polygons with a kind and a name")
    parser.add_argument("--because", default="", metavar="REASON", help="why clusters stand near such places all the "
                        "same; kept in the audit log")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Exit 0 when all are enrolled; nothing is stored unless every one of them is right."""
    set_ = settings.read()
    house = main.build(set_)
    try:
        clusters = _read(args.file, house)
        warnings = _near_sensitive(args, clusters)
        addresses = enrolment.Addresses(args.broker or args.reach, set_.broker_port,
                                        f"http://{args.reach}:{set_.port}/media", args.reach, set_.time_port,
                                        set_.broker_ca)
        with house.ports.db() as db:
            for cluster in clusters:
                db.put_cluster(cluster)
            for one in warnings:
                db.record(AuditEntry(house.clock.now(), "", "cluster.confirm", one.cluster or "",
                                     f"{one.rule} {one.message} {args.because.strip()}"))
            everybody = db.clusters()
        for cluster in clusters:
            told = enrolment.profile(house.ports, cluster, addresses, house.keys.root_modulus, house.keys.sealed_keys)
            _write(args.out / cluster.id / "profile.json", json.dumps(told))
        users = broker_users(house, everybody)
        _write(args.out / "mosquitto.passwords", "".join(map(password_line, users)))
        _write(args.out / "mosquitto.rights", "\n".join(map(rights, users)))
    finally:
        house.database.close()
    count = len(clusters)
    print(json.dumps({"enrolled": count, "out": str(args.out)}) if args.json else f"{count} clusters enrolled")
    return 0


def broker_users(house: House, clusters: list[Cluster]) -> list[BrokerUser]:
    """The head-end and all of these poles, as the broker must know them."""
    poles = [pole_user(one.id, enrolment.groups(one), enrolment.broker_password(house.ports.pole_key(one.id)))
             for one in clusters]
    return [headend_user(house.keys.secret("broker")), *poles]


def _read(path: Path, house: House) -> list[Cluster]:
    try:
        rows = json.loads(path.read_text())
        if not isinstance(rows, list):
            raise TypeError("a list of clusters is expected")
        return [_cluster(house, row) for row in rows]
    except (OSError, ValueError, TypeError, KeyError) as why:
        raise BadInput(f"{path}: {type(why).__name__}: {why}") from why


def _near_sensitive(args: argparse.Namespace, clusters: list[Cluster]) -> list[Finding]:
    """The warnings of the places in the file, each told; Refused while nobody has given a reason."""
    if args.places is None:
        return []
    try:
        sensitive = geojson.read(args.places.read_text("utf-8"))
    except (OSError, UnicodeError, geojson.BadPlaces) as why:
        raise BadInput(f"{args.places}: {why}") from why
    found = [one for cluster in clusters for one in near_sensitive(rulebook.load(), cluster, sensitive)]
    for one in found:
        print(f"loa: {one.rule}: {one.message} ({one.article})", file=sys.stderr)
    if found and not args.because.strip():
        raise Refused(f"{len(found)} clusters stand near places that the law keeps them away from (P-05); move them, "
                      "or say --because REASON")
    return found


def _cluster(house: House, row: dict[str, Any]) -> Cluster:
    try:
        check_name(row["id"])
    except WireError as why:
        raise ValueError(f"id {row['id']!r}: {why}") from why
    with house.ports.db() as db:
        commune = db.commune(row["commune"])
    if commune is None:
        raise ValueError(f"there is no commune {row['commune']!r}")
    lat, lon = float(row["lat"]), float(row["lon"])
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError(f"position of {row['id']}: degrees are expected")
    area_class = AreaClass(row.get("area_class", commune.default_class))
    return Cluster(row["id"], commune.code, str(row["name"]), area_class, lat, lon, int(row.get("horns", 2)))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
