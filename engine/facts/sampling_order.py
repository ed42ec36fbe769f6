"""What is asked of the generator of synthetic registers, as a person writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.facts.sampling import SampleOrder
from engine.facts.sampling_base import Base
from engine.facts.sampling_spec import SampleSpec, read_sample_spec
from engine.facts.writing import write_sample
from engine.law import Law
from engine.problems import InputError, Problem, did_you_mean

_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?\Z")


def sample_register(
    law: Law,
    spec_file: Path,
    schemas: Path,
    out: Path,
    installations: int,
    years: str | None,
    phases: Sequence[str],
    seed: int,
    counts: Mapping[str, int],
    base_folder: Path | None,
    form: str,
) -> dict[str, int]:
    """Make a synthetic register at ``out``; table -> how many rows it has.

    Args:
        years: `FIRST-LAST` or one year; None for those of ``phases``, else of the base's plans, else of the specification.

    Raises:
        InputError: with everything that is wrong in the order, the specification or the base.
    """
    spec = read_sample_spec(spec_file, schemas, law.vocabulary)
    base = Base(law, base_folder) if base_folder is not None else None
    order = SampleOrder(installations, _years(law, spec, base, years, phases), seed, counts, base)
    return write_sample(law, spec, order, out, form, schemas)


def _years(law: Law, spec: SampleSpec, base: Base | None, written: str | None, phases: Sequence[str]) -> tuple[int, int]:
    if written is not None:
        match = _YEARS.match(written)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last:
            raise InputError([Problem("--years", 0, 0, f"'{written}' is not FIRST-LAST", "write two years with a hyphen")])
        return first, last
    for name in phases:
        if name not in law.phases:
            raise InputError([Problem("--phase", 0, 0, f"no phase '{name}'", did_you_mean(name, law.phases))])
    if phases:
        return min(law.phases[p].first_year for p in phases), max(law.phases[p].last_year for p in phases)
    return (base.years() if base is not None else None) or (spec.first, spec.last)
