"""Facts: one case as YAML or JSON, or a register as a folder of CSV or Parquet files; the same tables and the same checks."""

from typing import TYPE_CHECKING

from engine.doors import door

if TYPE_CHECKING:
    from engine.facts.loading import facts_from_document, load_facts
    from engine.facts.rows import Facts, Row

__all__ = ["Facts", "Row", "facts_from_document", "load_facts"]
__getattr__ = door(__name__, globals(), {"loading": ("facts_from_document", "load_facts"), "rows": ("Facts", "Row")})
