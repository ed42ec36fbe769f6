"""What tests of answers in words share: the space that Russian and Kazakh numbers are written with, and the type of carbon units."""

from __future__ import annotations

from engine.language import number, parse_unit

SPACE = "\u00a0"
UNITS = number(parse_unit("carbon_unit"))
