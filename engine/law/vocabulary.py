"""The `vocabulary/` sections -> what the parser knows about names."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from keyword import iskeyword
from typing import Any, NoReturn

from engine.language import (
    BOOL,
    DATE,
    NUMBER,
    ColumnSpec,
    DecisionSpec,
    EntitySpec,
    InvariantSpec,
    ParameterSpec,
    Parsed,
    RelationSpec,
    TableSpec,
    Type,
    UnitError,
    Vocabulary,
    code,
    number,
    parse_unit,
    reference,
    set_of,
)
from engine.law.reading_values import Unreadable, read_number, read_plain
from engine.problems import did_you_mean, input_error

RESERVED = frozenset({"true", "false", "none", "unknown", "undetermined"})


def build_vocabulary(tree: dict[str, Any], parsed: Parsed | None = None) -> Vocabulary:
    """Check and resolve the declarations.

    Args:
        parsed: what texts mean under these declarations, where that was kept.

    Raises:
        InputError: a declaration names a unit, code list, table or entity that does not exist.
    """
    return _Builder(tree, parsed or Parsed()).build()


class _Builder:
    def __init__(self, tree: dict[str, Any], parsed: Parsed) -> None:
        self.tree, self.parsed = tree, parsed
        self.units = frozenset(tree["units"])
        for name, content in tree["codes"].items():
            for member in map(str, content["members"]):
                if not member.isidentifier() or member in RESERVED or iskeyword(member):
                    self.fail(
                        content, f"{name}: '{member}' is no name for a code", "use letters, digits and _, and no word of the language"
                    )
        self.codes = {name: frozenset(map(str, content["members"])) for name, content in tree["codes"].items()}

    def build(self) -> Vocabulary:
        bare = Vocabulary({}, {}, {}, {}, self.codes, {}, {}, {}, {}, {}, Parsed())
        tables = {name: self.table(name, content, bare) for name, content in self.tree["tables"].items()}
        entities = {name: self.entity(name, content, tables) for name, content in self.tree["entities"].items()}
        self.linked(tables, entities)
        self.known(self.tree["ruleset"], "ruleset", "entity", [self.tree["ruleset"]["main"]], entities)
        self.known(self.tree["ruleset"], "ruleset", "code list", ["phases", "plans"], self.codes)
        decisions: dict[tuple[str, str], DecisionSpec] = {}
        for written, content in self.tree["decisions"].items():
            owner, _, name = written.rpartition(".")
            entity = (
                next((e for e in entities.values() if owner in (e.row, e.name)), None) if owner else entities[self.tree["ruleset"]["main"]]
            )
            if entity is None:
                self.fail(content, f"decision '{written}': no entity '{owner}'", did_you_mean(owner, entities))
            decisions[entity.name, name] = DecisionSpec(name, entity.name, self.type(content, written))
        parameters = {name: self.parameter(name, content) for name, content in self.tree["parameters"].items()}
        builtins = {
            "year": NUMBER,
            "phase": code("phases"),
            "plan": code("plans").or_none(),
            "as_of": DATE,
            "plan.first_year": NUMBER,
            "plan.last_year": NUMBER,
        }
        governing = {name: content["is"] for name, content in self.tree["governing_dates"].items()}
        units = {
            name: {str(code): str(member["unit"]) for code, member in content["members"].items() if "unit" in member}
            for name, content in self.tree["codes"].items()
        }
        return Vocabulary(tables, entities, decisions, parameters, self.codes, governing, builtins, units, {}, {}, self.parsed)

    def fail(self, content: dict[str, Any], message: str, remedy: str = "") -> NoReturn:
        at = content["at"]
        raise input_error(at[0], at[1], at[2], message, remedy)

    def type(self, content: dict[str, Any], name: str, at: dict[str, Any] | None = None) -> Type:
        kind, place = content["type"], at or content
        nullable = bool(content.get("nullable"))
        if kind in ("number", "integer"):
            try:
                return number(parse_unit(str(content.get("unit", "1")), self.units)).or_none(nullable)
            except UnitError as error:
                self.fail(place, f"{name}: {error}", did_you_mean(str(content.get("unit")), self.units))
        if kind == "ref":
            if content["to"] not in self.tree["tables"]:
                self.fail(place, f"{name}: no table '{content['to']}'", did_you_mean(content["to"], self.tree["tables"]))
            return reference(content["to"]).or_none(nullable)
        if kind in ("code", "set") and content.get("codes") is not None and content["codes"] not in self.codes:
            self.fail(place, f"{name}: no code list '{content['codes']}'", did_you_mean(content["codes"], self.codes))
        if kind == "code":
            return code(content["codes"]).or_none(nullable)
        if kind == "set":
            return set_of(content.get("codes")).or_none(nullable)
        simple = {"bool": BOOL, "date": DATE, "year": NUMBER, "month_day": Type("month_day"), "id": Type("text"), "text": Type("text")}
        return simple[kind].or_none(nullable)

    def table(self, name: str, content: dict[str, Any], bare: Vocabulary) -> TableSpec:
        columns = {}
        for column, spec in content["columns"].items():
            kind = self.type(spec, f"{name}.{column}", content)
            presumed = None
            if "presumed" in spec:
                try:
                    presumed = read_plain(spec["presumed"], kind, bare)
                except Unreadable as error:
                    self.fail(content, f"{name}.{column}: presumed: {error}")
            event = content.get("happens_on") == column
            columns[column] = ColumnSpec(
                column,
                kind,
                bool(spec.get("required")),
                "presumed" in spec,
                presumed,
                self.minimum(content, f"{name}.{column}", spec),
                spec["type"] in ("integer", "year"),
                event,
                spec.get("unit_of"),
                spec["type"] == "year",
                self.past(content, f"{name}.{column}", spec),
            )
        also = {other: {k: str(v) for k, v in cells.items()} for other, cells in content.get("also", {}).items()}
        invariants = tuple(InvariantSpec(i, _text(spec["holds"]), spec["says"]) for i, spec in content.get("invariants", {}).items())
        key, measured = tuple(content.get("key", ())), content["absent"] == "unknown"
        return TableSpec(name, columns, key, measured, content.get("happens_on"), also, invariants)

    def past(self, content: dict[str, Any], name: str, spec: dict[str, Any]) -> bool:
        """Whether a column dates what has happened; where the day is moved back, its row or its value is then left out."""
        if not spec.get("past"):
            return False
        if spec["type"] not in ("date", "year") or not (spec.get("required") or spec.get("nullable")):
            self.fail(content, f"{name}: only a date or year that is required or may be none can be `past`", "remove `past`")
        return True

    def minimum(self, content: dict[str, Any], name: str, spec: dict[str, Any]) -> int | Fraction | None:
        """The least that a number can be, exact."""
        if "min" not in spec:
            return None
        try:
            return read_number(spec["min"])
        except Unreadable as error:
            self.fail(content, f"{name}: min: {error}", "write a decimal number")

    def entity(self, name: str, content: dict[str, Any], tables: dict[str, TableSpec]) -> EntitySpec:
        relations = {}
        for relation, spec in content.get("relations", {}).items():
            table = spec.get("table")
            if table is not None and table not in tables:
                self.fail(content, f"{name}.{relation}: no table '{table}'", did_you_mean(table, tables))
            where = {k: str(v) for k, v in spec.get("where", {}).items()}
            key = tuple(c for c in tables[table].key if c not in where) if table else ()
            relations[relation] = RelationSpec(relation, where, table, spec.get("entity"), spec.get("years"), key)
        table = content.get("table")
        self.dated(name, content, tables)
        where = {k: str(v) for k, v in content.get("where", {}).items()}
        return EntitySpec(
            name,
            content["row"],
            table,
            content.get("codes"),
            bool(content.get("years")),
            content.get("year_of"),
            content.get("of"),
            where,
            relations,
            tuple(content.get("seen_in", ())),
        )

    def linked(self, tables: dict[str, TableSpec], entities: dict[str, EntitySpec]) -> None:
        """Everything that a table or an entity names must be there, and no entity may be a part of itself."""
        for table in tables.values():
            named = [*table.key, *([table.event] if table.event else []), *(c.unit_of for c in table.columns.values() if c.unit_of)]
            self.known(self.tree["tables"][table.name], table.name, "column", named, table.columns)
            self.known(self.tree["tables"][table.name], table.name, "table", table.also, tables)
            for cells in table.also.values():
                self.known(self.tree["tables"][table.name], table.name, "column", cells, table.columns)
        for name, entity in entities.items():
            content = self.tree["entities"][name]
            self.known(content, name, "table", [*([entity.table] if entity.table else []), *entity.seen_in], tables)
            self.known(content, name, "code list", [entity.codes] if entity.codes else [], self.codes)
            others = [relation.entity for relation in entity.relations.values() if relation.entity]
            self.known(content, name, "entity", [*([entity.of] if entity.of else []), *others], entities)
            if entity.table is None and (entity.codes is None or entity.of is not None):
                self.fail(content, f"{name}: an entity has a base row or a code list", "write `table:`, or `codes:` without `of:`")
        for name in entities:
            chain = [name]
            while (whole := entities[chain[-1]].of) is not None:
                if whole in chain:
                    self.fail(self.tree["entities"][name], f"{name} is a part of itself: {' -> '.join([*chain, whole])}", "correct `of:`")
                chain.append(whole)

    def known(self, content: dict[str, Any], owner: str, what: str, names: Iterable[str], options: Iterable[str]) -> None:
        allowed = list(options)
        for name in names:
            if name not in allowed:
                self.fail(content, f"{owner}: no {what} '{name}'", did_you_mean(name, allowed))

    def dated(self, name: str, content: dict[str, Any], tables: dict[str, TableSpec]) -> None:
        """The day that picks the law of a row must be a date that every row has."""
        column, table = content.get("year_of"), tables.get(content.get("table") or "")
        if column is None or table is None:
            return
        spec = table.columns.get(column)
        if spec is None or spec.type != DATE or not spec.required:
            self.fail(content, f"{name}: year_of: '{column}' is no date that every row has", f"make it `required: true` in {table.name}")

    def parameter(self, name: str, content: dict[str, Any]) -> ParameterSpec:
        keyed = content.get("keyed_by")
        if keyed is not None and keyed != "year" and keyed not in self.codes:
            self.fail(content, f"{name}: no code list '{keyed}'", did_you_mean(keyed, self.codes))
        if content["governed_by"] not in self.tree["governing_dates"]:
            self.fail(
                content,
                f"{name}: no governing date '{content['governed_by']}'",
                did_you_mean(content["governed_by"], self.tree["governing_dates"]),
            )
        return ParameterSpec(
            name,
            self.type(content, name),
            content["governed_by"],
            keyed,
            self.minimum(content, name, content),
            content.get("inherited", True),
        )


def _text(written: Any) -> str:
    """An expression as it was written, though YAML reads `true` as more than a text."""
    return str(written).lower() if isinstance(written, bool) else str(written)
