"""Units as products of named bases: `tCO2/product` times `product` is `tCO2`, and nothing else is.

Units of one dimension are never converted silently: a law that equates one carbon unit with one tonne says so
in a parameter (`carbon_unit/tCO2`), and the proof shows it.
"""

from __future__ import annotations

from dataclasses import dataclass


class UnitError(ValueError):
    """Two quantities cannot be combined because their units differ."""


@dataclass(frozen=True)
class Unit:
    """A product of powers of named bases, e.g. (("KZT", 1), ("MCI", -1)); () is a pure number."""

    powers: tuple[tuple[str, int], ...] = ()

    def __mul__(self, other: Unit) -> Unit:
        return _combine(self, other, 1)

    def __truediv__(self, other: Unit) -> Unit:
        return _combine(self, other, -1)

    def __str__(self) -> str:
        over = " ".join(name + (f"^{power}" if power > 1 else "") for name, power in self.powers if power > 0)
        under = "/".join(name + (f"^{-power}" if power < -1 else "") for name, power in self.powers if power < 0)
        return (over or "1") + ("/" + under if under else "") if self.powers else "1"


ONE = Unit()


def _combine(left: Unit, right: Unit, sign: int) -> Unit:
    powers = dict(left.powers)
    for name, power in right.powers:
        powers[name] = powers.get(name, 0) + sign * power
    return Unit(tuple(sorted((name, power) for name, power in powers.items() if power)))


def parse_unit(text: str, known: frozenset[str] | None = None) -> Unit:
    """Read `KZT/MCI`, `tCO2`, `1`.

    Raises:
        UnitError: a base is not among ``known``, or the text is not a unit.
    """
    unit = ONE
    for position, part in enumerate(text.replace(" ", "").split("/")):
        for base in part.split("*"):
            if base == "1":
                continue
            if not base.isidentifier() or (known is not None and base not in known):
                raise UnitError(f"'{base or text}' is not a unit that the vocabulary declares")
            step = Unit(((base, 1),))
            unit = unit * step if position == 0 else unit / step
    return unit
