"""Communes and clusters."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from sqlalchemy import Row, bindparam, select

from headend.adapters.db.part import Part
from headend.adapters.db.schema import clusters, communes
from headend.domain.areas import AreaClass, Cluster, Commune

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
        self._put(clusters, asdict(cluster))

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
    return Cluster(**{**row._asdict(), "area_class": AreaClass(row.area_class)})
