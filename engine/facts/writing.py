"""A synthetic register on disk: a folder that appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import IO

import polars
import yaml

from engine.facts.register_files import ABOUT_FILE, ABOUT_SCHEMA, read_about
from engine.facts.sampling import Frame, SampleOrder, Sampler
from engine.facts.sampling_spec import SampleSpec
from engine.law import Law
from engine.problems import InputError, Problem, did_you_mean, input_error


def write_sample(law: Law, spec: SampleSpec, order: SampleOrder, out: Path, form: str, schemas: Path) -> dict[str, int]:
    """Make a synthetic register.

    Args:
        out: the folder to make; it must not be there.
        form: `csv` or `parquet`.
        schemas: holds `register.schema.json`, which the register names for editors.

    Returns:
        table -> how many rows were written.

    Raises:
        InputError: the folder is there, or the order fits neither the specification nor the law.
    """
    if out.exists():
        raise InputError([Problem(str(out), 0, 0, "is there already", "name a folder that is not")])
    for name in order.counts:
        if name not in spec.frames:
            raise InputError([Problem("--count", 0, 0, f"no frame '{name}'", did_you_mean(name, spec.frames))])
        if spec.frames[name].parent is None or spec.frames[name].yearly:
            raise InputError([Problem("--count", 0, 0, f"how many '{name}' there are follows from the other options", "leave it out")])
    for year in range(order.years[0], order.years[1] + 1):
        if law.phase_of(year) is None:
            raise InputError([Problem("--years", 0, 0, f"no phase of the ruleset governs {year}", "see `kazets law list`")])
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}-"))
    try:
        written = _tables(law, spec, order, folder, form)
        (folder / ABOUT_FILE).write_text(_schema_comment(schemas, out) + _about(law, spec, order, written), encoding="utf-8")
        folder.chmod(out.parent.stat().st_mode)
        folder.rename(out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return written


def _tables(law: Law, spec: SampleSpec, order: SampleOrder, folder: Path, form: str) -> dict[str, int]:
    written: dict[str, int] = {}
    kept = order.base.files if order.base is not None else {}
    for files in kept.values():
        for file in files:
            target = folder / file.relative_to(order.base.folder) if order.base is not None else folder
            target.parent.mkdir(exist_ok=True)
            shutil.copy(file, target)
    for name, rows in (order.base.tables if order.base is not None else {}).items():
        written[name] = len(rows)
    open_files: dict[str, IO[bytes]] = {}
    try:
        for number, frames in enumerate(Sampler(law, spec, order).blocks()):
            for table, rows in _by_table(frames, frozenset(kept)).items():
                if form == "csv":
                    first = table not in open_files
                    if first:
                        open_files[table] = (folder / f"{table}.csv").open("wb")
                    rows.write_csv(open_files[table], include_header=first)
                else:
                    (folder / table).mkdir(exist_ok=True)
                    typed = _typed(law, table, rows)
                    typed.write_parquet(folder / table / f"part-{number:05}.parquet")
                written[table] = written.get(table, 0) + len(rows)
    finally:
        for opened in open_files.values():
            opened.close()
    return written


def _by_table(frames: Mapping[str, Frame], kept: frozenset[str]) -> dict[str, polars.DataFrame]:
    found: dict[str, list[polars.DataFrame]] = {}
    for frame in frames.values():
        spec = frame.spec
        if spec.table is not None and spec.table not in kept:
            found.setdefault(spec.table, []).append(
                polars.DataFrame({name: s for name, s in frame.columns.items() if name not in spec.hidden})
            )
    return {table: _stacked(parts) for table, parts in found.items()}


def _stacked(parts: list[polars.DataFrame]) -> polars.DataFrame:
    """Frames of one table under each other; what one of them does not say of its rows is `none` there, and the column is text."""
    names = list(dict.fromkeys(name for part in parts for name in part.columns))
    mixed = [name for name in names if len({part.schema.get(name) for part in parts}) > 1]
    as_text = [part.cast({name: polars.String for name in mixed if name in part.columns}) for part in parts]
    full = [part.with_columns(polars.lit("none").alias(name) for name in names if name not in part.columns) for part in as_text]
    return polars.concat([part.select(names) for part in full])


def _typed(law: Law, table: str, rows: polars.DataFrame) -> polars.DataFrame:
    """Codes and truths as such and not as texts, wherever all that a column says are such."""
    turned = []
    for name, column in law.vocabulary.tables[table].columns.items():
        if rows.schema.get(name) != polars.String:
            continue
        if column.type.codes is not None:
            codes = polars.Enum([*sorted(law.vocabulary.codes[column.type.codes]), "none", "unknown"])
            turned.append(rows[name].cast(codes, strict=False))
        elif column.type.kind == "bool":
            turned.append(rows[name].replace_strict(["true", "false"], [True, False], default=None, return_dtype=polars.Boolean))
    return rows.with_columns(kept for kept in turned if kept.null_count() == rows[kept.name].null_count())


def _schema_comment(schemas: Path, out: Path) -> str:
    schema = os.path.relpath(schemas / f"{ABOUT_SCHEMA}.schema.json", out.resolve())
    return f"# yaml-language-server: $schema={Path(schema).as_posix()}\n"


def _about(law: Law, spec: SampleSpec, order: SampleOrder, written: Mapping[str, int]) -> str:
    """What the register says of itself, in every language that the law has words for.

    Raises:
        InputError: the ruleset lacks a word.
    """
    after, day = spec.as_of
    first, last = order.years
    drawn = _word(law, "sample_drawn", seed=order.seed, first=first, last=last, specification=spec.digest[:16])
    note = {language: f"{_in(language, spec.note)} {text}".strip() for language, text in drawn.items()}
    title = {language: _in(language, spec.title) for language in drawn}
    about: dict[str, object] = {"as_of": date.fromisoformat(f"{last + after}-{day}").isoformat(), "title": title, "note": note}
    if order.base is not None:
        kept = {language: ", ".join(_in(language, law.tree["tables"][t]["label"]) for t in sorted(order.base.tables)) for language in drawn}
        about["title"] = {
            language: _word(law, "sample_completed", title=title[language], tables=kept[language], folder=order.base.folder.name)[language]
            for language in drawn
        }
        withheld = read_about(order.base.folder, law.vocabulary, order.base.files).withheld
        about["unknown"] = [name for name in law.vocabulary.tables if name in withheld and name not in written]
    return yaml.safe_dump(about, sort_keys=False, allow_unicode=True, width=140)


def _word(law: Law, name: str, **values: object) -> dict[str, str]:
    """A word of the ruleset in each of its languages, filled in."""
    found = law.tree["words"].get(name)
    if found is None:
        raise input_error(
            "words", 0, 0, f"a synthetic register needs the word '{name}'", f"add `{name}: {{en: …, ru: …, kk: …}}` under `words`"
        )
    return {language: text.format(**values) for language, text in found.items() if isinstance(text, str) and language != "at"}


def _in(language: str, said: str | Mapping[str, str]) -> str:
    return said if isinstance(said, str) else said[language]
