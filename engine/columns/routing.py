"""Which rows of a register have to be decided together, read off the vocabulary of its law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.law import Law
from engine.problems import EngineDefect


@dataclass(frozen=True)
class Routes:
    """How the tables of a law hang together.

    Attributes:
        base: the table of the main entity, and ``key`` its key.
        group: the column of it by which its rows are summed up (the operator); None where each stands alone.
        grouped: the table that ``group`` refers to, and ``group_key`` its key.
        owned: table -> its column that names the row of ``base`` that a row belongs to.
        links: (table, column, other table) for references between owned tables.
        hosts: (table, column) for references to ``base`` from rows that belong to nobody.
        host_tables: the owned tables that rules read through ``hosts``.
    """

    base: str
    key: str
    group: str | None
    grouped: str | None
    group_key: str | None
    owned: Mapping[str, str]
    links: tuple[tuple[str, str, str], ...]
    hosts: tuple[tuple[str, str], ...]
    host_tables: frozenset[str]

    @staticmethod
    def of(law: Law) -> Routes:
        """The routes of a law.

        Raises:
            EngineDefect: its rules sum up by several columns, and no division keeps all those sums together.
        """
        tables, main = law.vocabulary.tables, law.vocabulary.entities[law.manifest["main"]]
        base = main.table or ""
        key = tables[base].key[0]
        related = [r for entity in law.tree["entities"].values() for r in entity.get("relations", {}).values()]
        groups = {column for r in related if r.get("entity") == main.name for column in r.get("where", {}) if column != key}
        if len(groups) > 1:
            raise EngineDefect(f"rows are summed up by {sorted(groups)}, and only one column can divide a register")
        group = next(iter(groups), None)
        owned: dict[str, str] = {}
        hosts: list[tuple[str, str]] = []
        for name, table in tables.items():
            refs = [c for c in table.columns.values() if c.type.kind == "ref" and c.type.table == base]
            if refs and refs[0].required:
                owned[name] = refs[0].name
            else:
                hosts += [(name, c.name) for c in refs]
        links = tuple(
            (name, c.name, c.type.table)
            for name in owned
            for c in tables[name].columns.values()
            if c.type.kind == "ref" and c.type.table is not None and c.type.table in owned
        )
        through = tuple(f".{column}" for _, column in hosts)
        host_tables = {
            r["table"] for r in related if "table" in r and any(str(value).endswith(through) for value in r["where"].values() if through)
        }
        grouped = tables[base].columns[group].type.table if group is not None else None
        group_key = tables[grouped].key[0] if grouped is not None else None
        return Routes(base, key, group, grouped, group_key, owned, links, tuple(hosts), frozenset(host_tables & set(owned)))

    def column(self, table: str) -> str | None:
        """The column of a table that says in which partition a row belongs; None for rows of nobody."""
        return {self.base: self.key, self.grouped: self.group_key}.get(table) or self.owned.get(table)
