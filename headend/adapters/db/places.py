"""Communes and clusters."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from sqlalchemy import Row, bindparam, delete, or_, select

from headend.adapters.db.part import Part
from headend.adapters.db.schema import clusters, communes, neighbours
from headend.domain.areas import METRES_A_DEGREE, MOST_METRES, AreaClass, Cluster, Commune, metres_between

_COMMUNE = select(communes).where(communes.c.code == bindparam("code"))
_CLUSTER = select(clusters).where(clusters.c.id == bindparam("id"))


class Places(Part):
    """See headend.ports.Db, "places"."""

    def put_communes(self, communes_: Iterable[Commune]) -> None:
        self._put(communes, [asdict(one) for one in communes_])

    def communes(self) -> list[Commune]:
        return [Commune(*row) for row in self._all(select(communes).order_by(communes.c.code))]

    def commune(self, code: str) -> Commune | None:
        row = self._one(_COMMUNE, code=code)
        return Commune(*row) if row else None

    def put_cluster(self, cluster: Cluster) -> None:
        known = self.cluster(cluster.id)
        self._put(clusters, asdict(cluster))
        if known is None or (known.lat, known.lon, known.commune) != (cluster.lat, cluster.lon, cluster.commune):
            self._find_neighbours(cluster)

    def _find_neighbours(self, cluster: Cluster) -> None:
        """Which clusters of other communes are within earshot, both ways, now that this one stands where it stands."""
        either = or_(neighbours.c.cluster == cluster.id, neighbours.c.other == cluster.id)
        self._connection.execute(delete(neighbours).where(either))
        high = MOST_METRES / METRES_A_DEGREE
        wide = high / max(0.01, math.cos(math.radians(cluster.lat)))
        around = select(clusters).where(
            clusters.c.lat.between(cluster.lat - high, cluster.lat + high),
            clusters.c.lon.between(cluster.lon - wide, cluster.lon + wide), clusters.c.commune != cluster.commune)
        near = [(one, round(metres_between(cluster, one))) for one in map(_cluster, self._all(around))]
        self._put(neighbours, [
            {"cluster": mine, "other": theirs, "metres": metres}
            for one, metres in near if metres <= MOST_METRES
            for mine, theirs in ((cluster.id, one.id), (one.id, cluster.id))])

    def clusters(self, commune: str | None = None, ids: Sequence[str] | None = None) -> list[Cluster]:
        wanted = select(clusters).order_by(clusters.c.id)
        if commune is not None:
            wanted = wanted.where(clusters.c.commune == commune)
        if ids is not None:
            wanted = wanted.where(clusters.c.id.in_(ids))
        return [_cluster(row) for row in self._all(wanted)]

    def cluster(self, cluster_id: str) -> Cluster | None:
        row = self._one(_CLUSTER, id=cluster_id)
        return _cluster(row) if row else None


def _cluster(row: Row) -> Cluster:
    id_, commune, name, area_class, *rest = row
    return Cluster(id_, commune, name, AreaClass(area_class), *rest)
