"""How many random examples a test of the language tries: `KAZETS_TESTS=thorough` tries fifty times as many, others each time."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, settings

THOROUGH = os.environ.get("KAZETS_TESTS") == "thorough"


def examples(count: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=count * (50 if THOROUGH else 1), deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=not THOROUGH,
        phases=[Phase.explicit, Phase.generate, Phase.shrink] if THOROUGH else [Phase.explicit, Phase.generate],
    )  # fmt: skip
