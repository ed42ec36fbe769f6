"""Workload W for OpenFisca-core, vectorised over installations, one period a year.

OpenFisca's own whole numbers are 32 bits wide and wrap, its floats are float32: results are exact only with both replaced by int64, which is
done here, so that the checksums agree.
"""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy
from openfisca_core.entities import build_entity
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from benchmarks.workload.data import BITS, OUTPUT, Columns
from benchmarks.workload.law import FIRST, YEARS

SITE = build_entity(key="site", plural="sites", label="installation", is_person=True)
OPERATOR = build_entity(key="operator", plural="operators", label="operator", roles=[{"key": "member", "plural": "members", "label": "member"}])
INPUTS = ("sector", "emissions", "h1", "h2", "h3", "h4", "output", "benchmark", "method", "verified", "reported_on", "surrendered_on",
          "lot1", "lot2", "lot3", "lot4", "vintage1", "vintage2", "vintage3", "vintage4", "offset1", "offset2", "kind1", "kind2")  # fmt: skip
SMALL = frozenset({"sector", "method", "kind1", "kind2", "benchmark", "reported_on", "surrendered_on", "vintage1", "vintage2", "vintage3", "vintage4"})


def _year(period: Any) -> int:
    return int(period.start.year) - FIRST


def _formulas(p: dict[str, list[int]]) -> dict[str, Any]:
    """Decision -> (whether it is a condition, its formula over (installations, period))."""

    def at(name: str, period: Any) -> int:
        return p[name][_year(period)]

    def lot(n: int) -> dict[str, Any]:
        return {
            f"usable{n}": (True, lambda s, t: (s(f"vintage{n}", t) <= t.start.year) * (s(f"vintage{n}", t) >= at("first_year", t))),
            f"counted{n}": (False, lambda s, t: s(f"lot{n}", t) * s(f"usable{n}", t)),
        }

    found: dict[str, Any] = {
        "suspended": (True, lambda s, t: numpy.full(s.count, bool(at("suspended", t)))),
        "sector_ok": (True, lambda s, t: (at("sectors", t) >> s("sector", t)) & 1 == 1),
        "size": (False, lambda s, t: s.operator("operator_emissions", t) if at("level", t) == 0 else s("emissions", t)),
        "above": (True, lambda s, t: s("size", t) > at("threshold", t)),
        "covered": (True, lambda s, t: ~s("suspended", t) * s("sector_ok", t) * s("above", t)),
        "administered": (True, lambda s, t: ~s("suspended", t) * s("sector_ok", t) * ~s("above", t) * (s("size", t) >= at("administered_from", t))),
        "report_required": (True, lambda s, t: s("covered", t) + s("administered", t)),
        "report_late": (True, lambda s, t: s("report_required", t) * (s("reported_on", t) > at("report_day", t))),
        "verification_required": (True, lambda s, t: s("covered", t) * (s("emissions", t) >= at("verification_from", t))),
        "unverified": (True, lambda s, t: s("verification_required", t) * ~s("verified", t)),
        "by_mean": (False, lambda s, t: (s("h1", t) + s("h2", t) + s("h3", t) + s("h4", t)) * at("factor", t) // 4000),
        "by_benchmark": (False, lambda s, t: (2 * s("output", t) * s("benchmark", t) + 1000000) // 2000000),
        "by_peak": (False, lambda s, t: numpy.maximum(numpy.maximum(s("h1", t), s("h2", t)), numpy.maximum(s("h3", t), s("h4", t))) * at("factor", t) // 1000),
        "by_half": (False, lambda s, t: (s("h1", t) + 1) // 2),
        "allocation": (False, lambda s, t: s("covered", t) * numpy.select([s("method", t) == n for n in range(4)], [s(f"by_{n}", t) for n in ("mean", "benchmark", "peak", "half")])),
        "accepted1": (True, lambda s, t: (at("kinds", t) >> s("kind1", t)) & 1 == 1),
        "accepted2": (True, lambda s, t: (at("kinds", t) >> s("kind2", t)) & 1 == 1),
        "offsets_held": (False, lambda s, t: s("offset1", t) * s("accepted1", t) + s("offset2", t) * s("accepted2", t)),
        "offset_cap": (False, lambda s, t: s("emissions", t) * at("offset_limit", t) // 1000),
        "capped": (True, lambda s, t: s("offsets_held", t) > s("offset_cap", t)),
        "offsets": (False, lambda s, t: numpy.minimum(s("offsets_held", t), s("offset_cap", t))),
        "held": (False, lambda s, t: s("counted1", t) + s("counted2", t) + s("counted3", t) + s("counted4", t)),
        "obligation": (False, lambda s, t: s("emissions", t) * s("covered", t)),
        "shortfall": (False, lambda s, t: numpy.maximum(0, s("obligation", t) - s("held", t) - s("offsets", t))),
        "short": (True, lambda s, t: s("shortfall", t) > 0),
        "surrender_late": (True, lambda s, t: s("covered", t) * (s("surrendered_on", t) > at("surrender_day", t))),
        "surplus": (False, lambda s, t: numpy.maximum(0, s("held", t) + s("offsets", t) - s("obligation", t)) * s("covered", t)),
        "banked": (False, lambda s, t: s("surplus", t) * at("banking", t)),
        "lapsed": (False, lambda s, t: s("surplus", t) - s("banked", t)),
        "penalty_mci": (False, lambda s, t: s("shortfall", t) * at("rate", t)),
        "report_penalty": (False, lambda s, t: s("report_late", t) * at("report_fine", t)),
        "penalty": (False, lambda s, t: (s("penalty_mci", t) + s("report_penalty", t)) * at("mci", t)),
        "breach": (True, lambda s, t: s("report_late", t) + s("unverified", t)),
        "free": (True, lambda s, t: ~s("suspended", t) * ~s("report_required", t)),
        "late_only": (True, lambda s, t: s("surrender_late", t) * ~s("short", t)),
        "coverage": (False, lambda s, t: numpy.select([s("suspended", t), ~s("sector_ok", t), s("covered", t), s("administered", t)], [0, 1, 2, 3], 4)),
        "status": (False, lambda s, t: numpy.select([s("suspended", t), s("free", t), s("short", t), s("breach", t), s("surrender_late", t)], [0, 1, 3, 2, 4], 5)),
        "reasons": (False, lambda s, t: sum(s(name, t).astype(numpy.int64) << position for position, name in enumerate(BITS))),
    }  # fmt: skip
    for n in range(1, 5):
        found |= lot(n)
    return found


def _variable(name: str, truth: bool, formula: Any = None, entity: Any = SITE, wide: bool = True) -> type[Variable]:
    content: dict[str, Any] = {"value_type": bool if truth else int, "entity": entity, "definition_period": DateUnit.YEAR, "label": name}
    if formula is not None:
        content["formula"] = lambda population, period: formula(population, period)
    return type(name, (Variable,), content)


def prepare(data: Columns, parameters: dict[str, list[int]]) -> Any:
    module = types.ModuleType("workload_variables")
    sys.modules[module.__name__] = module
    system = TaxBenefitSystem([SITE, OPERATOR])
    wide = []
    for name in INPUTS:
        system.add_variable(_variable(name, name == "verified"))
        wide += [name] if name != "verified" and name not in SMALL else []
    system.add_variable(_variable("operator_emissions", False, lambda o, t: o.sum(o.members("emissions", t)), OPERATOR))
    wide.append("operator_emissions")
    for name, (truth, formula) in _formulas(parameters).items():
        system.add_variable(_variable(name, truth, formula))
        wide += [] if truth else [name]
    for name in wide:
        system.variables[name].dtype = numpy.dtype(numpy.int64)
    return system, data


def run(ready: Any) -> dict[tuple[str, int], Any]:
    """The seven columns, year after year. A simulation remembers what it calculated, so that each run builds a new one."""
    system, data = ready
    owners = data["operator"][:: len(YEARS)]
    builder = SimulationBuilder()
    builder.create_entities(system)
    builder.declare_person_entity("site", numpy.arange(len(owners)))
    group = builder.declare_entity("operator", numpy.unique(owners))
    builder.join_with_persons(group, owners, roles=numpy.zeros(len(owners), dtype=int))
    simulation = builder.build(system)
    for number, year in enumerate(YEARS):
        for name in INPUTS:
            simulation.set_input(name, str(year), data[name][number :: len(YEARS)])
    return {(name, year): simulation.calculate(name, str(year)) for year in YEARS for name in OUTPUT}


def columns(found: dict[tuple[str, int], Any]) -> Columns:
    """The seven columns in the order of the facts."""
    return {name: numpy.stack([found[name, year] for year in YEARS], axis=1).reshape(-1) for name in OUTPUT}
