"""Numbers that are given out once."""

from functools import cache

from sqlalchemy import Insert

from headend.adapters.db.part import INSERT, Part
from headend.adapters.db.schema import counters


class Counters(Part):
    """See headend.ports.Db, "what leaves"."""

    def next_counter(self, stream: str) -> int:
        """The row is held until the end of the transaction: numbers also become visible in their order."""
        counted = self._connection.execute(_count(self._dialect), {"stream": stream, "value": 1})
        return counted.scalar_one()


@cache
def _count(dialect: str) -> Insert:
    """One statement, so that two who count at once can not both read the same number."""
    statement = INSERT[dialect](counters)
    more = {"value": counters.c.value + 1}
    return statement.on_conflict_do_update(index_elements=["stream"], set_=more).returning(counters.c.value)
