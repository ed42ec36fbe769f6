"""A dossier as a page of HTML or as a PDF, from the templates beside this module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from engine.explaining.dossier.contents import Dossier
from engine.explaining.dossier.telling import clean

TEMPLATES = Path(__file__).resolve().parent / "templates"


def as_html(dossier: Dossier) -> bytes:
    """One file that loads nothing: style and drawing stand in it, and a script in a name is text like any other."""
    environment = _environment(autoescape=True, finalize=clean)
    return environment.get_template("dossier.html.j2").render(d=dossier, say=dossier.say).encode("utf-8")


def as_pdf(dossier: Dossier) -> bytes:
    """An A4 document, dated by no clock, so that the same question gives the same bytes.

    The fonts are those inside the typst wheel: they have every Kazakh letter, and the machine's own would differ.
    """
    import typst

    # Every text reaches Typst as a string literal, so nothing in it can be markup or code.
    environment = _environment(autoescape=True, finalize=_finalized)
    environment.filters["str"] = literal
    source = environment.get_template("dossier.typ.j2").render(d=dossier, say=dossier.say)
    compile_: Any = typst.compile  # its stubs do not admit bytes beside a root
    made: bytes = compile_(source.encode("utf-8"), root=TEMPLATES, ignore_system_fonts=True, timestamp=0)
    return made


class Literal(str):
    """A Typst string literal; to the escaping of Jinja2, which is for HTML, it is finished."""

    def __html__(self) -> str:
        return self


def literal(text: Any) -> Literal:
    """Any text as a Typst string literal."""
    written = str(clean(str(text))).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return Literal(f'"{written}"')


def _finalized(value: Any) -> Any:
    """Whole numbers, literals and macros only: a text that the template forgot to quote stops the rendering instead of becoming code."""
    if isinstance(value, (Literal, Markup, int)):
        return value
    raise TypeError(f"unquoted text in the template: {value!r}")


def _environment(**options: Any) -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    return jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, **options)
