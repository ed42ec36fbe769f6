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
        numbers: of whole articles or points, ranges with a dash between figures; of the one whose parts are meant.
        parts: the paragraphs of an article, the subpoints of a point; none where the whole is meant.
        many: whether more than one whole is named.
    """

    numbers: str
    parts: tuple[str, ...] = ()
    many: bool = False


def places(point: str) -> Iterator[Place]:
    """The places that a point names, those next to each other as one that can be; nothing where it is not made of numbers."""
    found = [_ITEM.fullmatch(item) for item in point.split(", ")]
    items = [match for match in found if match is not None]
    if len(items) < len(found):
        return
    for number, group in groupby(items, key=lambda item: item[1] if item[2] else None):
        if number is not None:
            yield Place(number, tuple(item[2] for item in group))
            continue
        numbers = [item[1] for item in group]
        ranged = [_is_range(one) for one in numbers]
        told = ", ".join(one.replace("-", "–") if across else one for one, across in zip(numbers, ranged, strict=True))
        yield Place(told, many=len(numbers) > 1 or any(ranged))


def _is_range(number: str) -> bool:
    """Whether `5-9` names five points; an inserted one, as `25-1`, has the smaller number last."""
    parts = [int(part) for part in number.split("-")]
    return len(parts) == 2 and parts[0] < parts[1]
