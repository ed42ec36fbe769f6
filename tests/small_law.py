"""Small rulesets and facts written inline, for tests: the real reading, typing and proving, without schema or labels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any

import yaml

from engine.facts import Facts, facts_from_document
from engine.language import Node, Scope, Type, Vocabulary, parse
from engine.law import Law
from engine.law.checking import find_problems
from engine.law.collecting import collect
from engine.law.documents import Document
from engine.law.yaml_files import parse_yaml
from engine.problems import InputError
from engine.proving import Determination, Prover, Root, determine

TODAY = date(2026, 1, 1)

BASE = """
instruments:
  act: {title: {en: Act}, kind: statute, authority: statute}
units: {tCO2: {}, KZT: {}, MCI: {}, product: {}, allowance: {}}
codes:
  phases: {members: {p: {}}}
  plans: {members: {plan_a: {}, plan_b: {}}}
  sectors: {members: {power: {}, oil: {}, cement: {}}}
  gases: {members: {co2: {}, ch4: {}}}
  products: {members: {clinker: {}, steel: {}, heat: {}}}
  lights: {members: {green: {}, amber: {}, red: {}}}
tables:
  operators:
    key: [id]
    absent: none
    columns:
      id: {type: id, required: true}
      size: {type: code, codes: sectors}
  installations:
    key: [id]
    absent: none
    columns:
      id: {type: id, required: true}
      name: {type: text, nullable: true, presumed: none}
      operator: {type: ref, to: operators}
      sector: {type: code, codes: sectors}
      owed: {type: number, min: 0}
      second: {type: code, codes: sectors, nullable: true}
      started: {type: date}
      closed: {type: date, nullable: true, presumed: none}
      limit: {type: number, min: 0, nullable: true}
      signed: {type: number}
      count: {type: integer, min: 0}
      active: {type: bool}
      flag: {type: bool, nullable: true}
  emissions:
    key: [installation, year, gas]
    absent: unknown
    columns:
      installation: {type: ref, to: installations, required: true}
      year: {type: year, required: true}
      gas: {type: code, codes: gases, required: true}
      tonnes: {type: number, unit: tCO2, min: 0}
      extra: {type: number, unit: tCO2, min: 0, nullable: true}
  output:
    key: [installation, product]
    absent: none
    columns:
      installation: {type: ref, to: installations, required: true}
      product: {type: code, codes: products, required: true}
      quantity: {type: number, unit: product, min: 0}
  reports:
    absent: none
    happens_on: submitted
    columns:
      installation: {type: ref, to: installations, required: true}
      submitted: {type: date}
      verified: {type: bool, presumed: true}
      light: {type: code, codes: lights}
  units:
    key: [id]
    absent: none
    columns:
      id: {type: id, required: true}
      installation: {type: ref, to: installations, required: true}
      quantity: {type: number, unit: allowance, min: 0}
      bonus: {type: number, unit: allowance, nullable: true}
      good: {type: bool}
      plan: {type: code, codes: plans, nullable: true}
  trades:
    key: [id]
    absent: none
    happens_on: "on"
    columns:
      id: {type: id, required: true}
      "on": {type: date, required: true}
      price: {type: number, unit: KZT, min: 0}
governing_dates:
  year_end: date(year, 12, 31)
  trade_day: trade.on
entities:
  site_year:
    row: installation
    table: installations
    years: true
    governed_by: year_end
    seen_in: [emissions]
    relations:
      emissions: {table: emissions, where: {installation: installation.id, year: year}}
      output: {table: output, where: {installation: installation.id}}
      reports: {table: reports, where: {installation: installation.id}}
      lots: {entity: lot}
      sites: {entity: site_year, where: {operator: installation.operator}, years: same}
      earlier: {entity: site_year, where: {id: installation.id}, years: earlier}
  lot:
    row: lot
    table: units
    of: site_year
    where: {installation: installation.id}
    governed_by: year_end
    relations:
      same_plan: {table: units, where: {plan: lot.plan}}
  trade: {row: trade, table: trades, year_of: "on", governed_by: trade_day}
phase_placeholder: {}
ruleset:
  id: small
  title: {en: small}
  main: site_year
  authorities: {statute: [statute, seeds, press]}
  result: {status: status, breaches: breaches}
"""


def tree_of(*parts: str) -> dict[str, Any]:
    """`BASE` with the sections of ``parts`` added (within a section, entry by entry), as `collect` returns it.

    A part may be YAML text of any sections. Rules need no `cite` and no `says`; without `phase` there is one for all years.
    """
    documents = [
        parse_yaml(BASE.replace("phase_placeholder: {}\n", ""), "base.yaml"),
        *(parse_yaml(dedent(p), f"part{i}.yaml") for i, p in enumerate(parts)),
    ]
    sections: dict[str, Any] = {}
    for document in documents:
        for name, content in document.data.items():
            if isinstance(content, dict) and isinstance(sections.get(name), dict):
                sections[name] = {**sections[name], **content}
            else:
                sections[name] = sections[name] + content if name in sections else content
    phase = sections.pop("phase", {"id": "p", "title": {"en": "p"}, "years": {"from": 2015, "to": 2030}, "plan": "plan_a"})
    for rule in sections.get("rules", []):
        rule.setdefault("cite", {"instrument": "act"})
        rule.setdefault("says", {"en": ""})
    for entries in sections.get("values", {}).values():
        for group in entries.values() if isinstance(entries, dict) and "value" not in entries else [entries]:
            for entry in group if isinstance(group, list) else [group]:
                entry.setdefault("cite", {"instrument": "act"})
    with TemporaryDirectory() as folder:
        root = Path(folder) / "law"
        (root / "phases" / phase["id"]).mkdir(parents=True)
        (root / "ruleset.yaml").write_text(yaml.safe_dump(sections, allow_unicode=True, sort_keys=False), encoding="utf-8")
        (root / "phases" / phase["id"] / "phase.yaml").write_text(json.dumps({"phase": phase}), encoding="utf-8")
        (Path(folder) / "ruleset.schema.json").write_text("{}", encoding="utf-8")
        return collect(root, sorted(root.rglob("*.yaml")), Path(folder))


def law_of(*parts: str) -> Law:
    """The checked law of `tree_of`."""
    law = Law(tree_of(*parts), "test")
    problems = find_problems(law, texts=False)
    if problems:
        raise InputError(problems)
    return law


def facts_of(vocabulary: Vocabulary, content: str | Mapping[str, Any], as_of: date | None = None) -> Facts:
    """Facts from YAML text, or from plain data as YAML would give it (decimals and dates as text)."""
    document = parse_yaml(dedent(content), "case.yaml") if isinstance(content, str) else Document("case.yaml", content, {})
    return facts_from_document(document, vocabulary, {}, as_of, TODAY)


def determined(law: Law, facts: Facts, key: str = "A", year: int = 2023, entity: str = "site_year") -> Determination:
    """What the engine says about one root."""
    return determine(Prover(law, law.select(), facts), Root(entity, (key,), year))


def outcome(decision: str, rules: str, facts: str = "installations: [{id: A}]", more: str = "") -> Any:
    """The outcome of one decision ``d``: its declaration and its rules in YAML flow form, e.g. `type: bool` and `[{when: …}]`.

    Rules are named r0, r1, … unless they name themselves; ``more`` holds further sections.
    """
    written = parse_yaml(rules, "rules").data
    for index, rule in enumerate(written):
        rule.setdefault("rule", f"r{index}")
        rule.setdefault("decides", "d")
    law = law_of(f"decisions: {{d: {{{decision}}}}}", json.dumps({"rules": written}, ensure_ascii=False), more or "{}")
    return determined(law, facts_of(law.vocabulary, facts)).outcomes["d"]


def typed(text: str, expect: Type | None = None, entity: str = "site_year", more: str = "{}") -> Node:
    """The parsed expression under `BASE`."""
    return parse(text, Scope(Law(tree_of(more), "test").vocabulary, entity), expect)
