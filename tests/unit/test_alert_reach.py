"""Whom an area takes in: by code, by polygon, by circle, and whom it leaves to a person."""

import time
from dataclasses import replace

import pytest

from headend.domain.alert import Area, Circle, Named
from headend.domain.alert_reach import reach
from headend.domain.areas import AreaClass, Cluster, Commune
from headend.domain.siting import Spot
from tests.support import caps

WARD, VILLAGE, FAR = (
    Commune("00070", "Phường Hoàn Kiếm", "phường", 21.03, 105.85),
    Commune("00577", "Xã Bát Tràng", "xã", 20.98, 105.91),
    Commune("09877", "Xã Ba Vì", "xã", 21.08, 105.36),
)
COMMUNES = (WARD, VILLAGE, FAR)


def cluster(name, commune, lat, lon, **more):
    return Cluster(name, commune.code, f"Cụm {name}", AreaClass.Q, lat, lon, **more)


NORTH, SOUTH = cluster("bac", WARD, 21.035, 105.85), cluster("nam", WARD, 21.025, 105.85)
RIVER, SILENT = cluster("song", VILLAGE, 20.98, 105.91), cluster("im", VILLAGE, 20.981, 105.91, suspended=True)
CLUSTERS = (NORTH, SOUTH, RIVER, SILENT)
SQUARE = (Spot(21.03, 105.84), Spot(21.03, 105.86), Spot(21.04, 105.86), Spot(21.04, 105.84), Spot(21.03, 105.84))


def reached(*areas):
    info = replace(caps.flood().infos[1], areas=areas)
    return reach([info], COMMUNES, CLUSTERS)


def code(value, name="VN-COMMUNE"):
    return Area("x", geocodes=(Named(name, value),))


def test_a_code_takes_in_the_whole_commune():
    found = reached(code("00070"))
    assert (found.communes, found.clusters, found.unplaced) == (("00070",), (NORTH, SOUTH), ())


def test_a_commune_without_clusters_is_named_all_the_same():
    assert reached(code("09877")) == replace(reached(), communes=("09877",))


@pytest.mark.parametrize("name", ["ISO3166-2", "iso3166-2"])
def test_the_whole_city(name):
    found = reached(code("VN-HN", name))
    assert found.communes == ("00070", "00577", "09877")
    assert found.clusters == (NORTH, SOUTH, RIVER)


def test_a_polygon_takes_in_the_clusters_that_stand_in_it():
    found = reached(Area("phía bắc", polygons=(SQUARE,)))
    assert (found.communes, found.clusters) == (("00070",), (NORTH,))


def test_what_is_within_the_box_but_not_the_polygon_stays_out():
    corner = (SQUARE[0], SQUARE[1], Spot(21.031, 105.842), SQUARE[3], SQUARE[0])
    assert reached(Area("góc", polygons=(corner,))).clusters == ()


def test_a_polygon_over_the_middle_of_a_commune_concerns_it():
    around = tuple(Spot(one.lat + 0.045, one.lon - 0.49) for one in SQUARE)
    assert reached(Area("Ba Vì", polygons=(around,))) == replace(reached(), communes=("09877",))


@pytest.mark.parametrize(("km", "clusters"), [(0, ()), (0.5, ()), (0.6, (NORTH, SOUTH)), (9, (NORTH, SOUTH, RIVER))])
def test_a_circle_takes_in_what_is_near_enough(km, clusters):
    assert reached(Area("quanh hồ", circles=(Circle(Spot(21.03, 105.85), km),))).clusters == clusters


def test_areas_and_shapes_add_up_and_nobody_is_there_twice():
    found = reached(Area("bắc", polygons=(SQUARE, SQUARE), geocodes=(Named("VN-COMMUNE", "00577"),)), code("00070"))
    assert (found.communes, found.clusters) == (("00070", "00577"), (NORTH, SOUTH, RIVER))


def test_a_cluster_that_is_set_aside_is_named_apart():
    assert reached(code("00577")).suspended == (SILENT,)


@pytest.mark.parametrize(
    "area",
    [Area("Los Angeles"), code("006037", "SAME"), code("99999"), code("0070"), code("VN-SG", "ISO3166-2"),
     code("VN-HN"), code("00070", "ISO3166-2")],
)
def test_an_area_that_says_nowhere_we_know_is_for_a_person(area):
    found = reached(area)
    assert (found.clusters, found.unplaced) == ((), (area.description,))


def test_a_message_of_the_largest_size_does_not_take_long_among_the_poles_of_a_city():
    side = [Spot(21 + n / 10_000, 105.8 + (n % 2) / 100) for n in range(4_999)]
    star = (*side, Spot(21.5, 106), side[0])
    many = tuple(cluster(str(n), WARD, 20.9 + n / 10_000, 105.805) for n in range(3_000))
    info = replace(caps.flood().infos[1], areas=(Area("x", polygons=(star, star)),))
    began = time.process_time()
    found = reach([info], COMMUNES, many)
    assert 0 < len(found.clusters) < len(many)
    assert time.process_time() - began < 15
