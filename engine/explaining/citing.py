"""Where in a legal text something stands: from `289(7), 300(2)`, as rulesets write it, to what lawyers write in each language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

_ITEM = re.compile(r"(\d+(?:-\d+)*)(?:\((\d+)\))?")


@dataclass(frozen=True)
class Place:
    """Articles or points of a legal text.

    Attributes:
        numbers: as they are written, ranges with a dash between figures.
        paragraph: the paragraph of an article, the subpoint of a point; empty where the whole is meant.
        many: whether there is more than one.
    """

    numbers: str
    paragraph: str
    many: bool


def places(point: str) -> Iterator[Place]:
    """The places that a point names, whole articles or points next to each other as one; nothing where it is not made of numbers."""
    found = [_ITEM.fullmatch(item) for item in point.split(", ")]
    items = [match for match in found if match is not None]
    if len(items) < len(found):
        return
    for whole, group in groupby(items, key=lambda item: item[2] is None):
        if not whole:
            yield from (Place(item[1], item[2], False) for item in group)
            continue
        numbers = [item[1] for item in group]
        ranged = [_is_range(number) for number in numbers]
        yield Place(", ".join(n.replace("-", "–") if r else n for n, r in zip(numbers, ranged, strict=True)), "", len(numbers) > 1 or any(ranged))


def _is_range(number: str) -> bool:
    """Whether `5-9` names five points; an inserted one, as `25-1`, has the smaller number last."""
    parts = [int(part) for part in number.split("-")]
    return len(parts) == 2 and parts[0] < parts[1]
