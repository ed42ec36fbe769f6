"""The texts of a ruleset in its languages: which words the engine needs, and whether anything lacks a language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from engine.law.model import Law
from engine.problems import Problem, did_you_mean

LANGUAGES = ("en", "ru", "kk")
FORMS = {"en": ("one", "other"), "ru": ("one", "few", "many", "other"), "kk": ("one", "other")}
"""The plural categories of each language (Unicode CLDR)."""

_BRACES = re.compile(r"\{([^{}]*)\}")
_PHRASE = re.compile(r"([A-Za-z]+(?: [A-Za-z]+)*)\.?(?:[ ,]+(\d[\d-]*))?")
KINDS = ("statute", "budget", "plan", "order", "seed", "press", "dataset", "draft")

NEEDED: dict[str, str] = {
    **dict.fromkeys(("yes", "no", "none", "unknown", "presumed", "undetermined", "undetermined_gap", "undetermined_conflict"), ""),
    **dict.fromkeys(("at_least", "at_most", "about"), "value"),
    **dict.fromkeys(("between", "between_days"), "low high"),
    "value_or_none": "value",
    "perhaps": "member",
    **dict.fromkeys(("rule_holds", "rule_fails", "rule_displaced", "rule_open"), "sentence"),
    "rule_line": "rule sources",
    **dict.fromkeys(("rule_displaced_by", "rule_blocked_by"), "rule by sources"),
    **dict.fromkeys(("others_failed", "rows_none_fits", "more_rows"), "count"),
    "because": "cause",
    **dict.fromkeys(("require_more", "require_least", "require_less", "require_most", "require_same", "require_other"), "value"),
    **dict.fromkeys(("require_after", "require_from", "require_before", "require_until"), "value"),
    **dict.fromkeys(("require_some", "require_none"), ""),
    "unmet": "told",
    "row_number": "number",
    "named": "value name",
    **dict.fromkeys(("compared", "required"), "told required"),
    "with_margin": "told margin",
    **dict.fromkeys(("margin_over", "margin_under"), "amount"),
    **dict.fromkeys(("margin_late", "margin_early", "margin_days_after", "margin_years_after", "margin_years_before"), "count"),
    **dict.fromkeys(("margin_none", "margin_same_day", "margin_same_year"), ""),
    **dict.fromkeys(("is_among", "is_not_among", "among_open"), "item members"),
    **dict.fromkeys(("no_records", "record_fits"), "rows"),
    "rules_fail_alike": "count rules",
    "none_among": "rows element",
    "in_force_from": "begins",
    "in_force_until": "ends",
    "in_force_between": "begins ends",
    **dict.fromkeys(("known_from", "published_on", "published_earliest"), "day"),
    "days_earliest": "days",
    "registered": "number",
    "registered_on": "day number",
    **dict.fromkeys(("heading_only", "title_unofficial"), ""),
    "sources": "",
    "readings_head": "count authority",
    "readings_head_facts": "count authority day total",
    "readings_default": "by",
    "readings_changed": "count total instances",
    **dict.fromkeys(("readings_unchanged", "readings_minor", "readings_determining", "readings_trying"), ""),
    **dict.fromkeys(("readings_open", "readings_more"), "count"),
    "readings_idle": "names",
    "note": "note",
    "contrast_head": "root decision day",
    "contrast_own": "phase authority",
    "contrast_phase": "phase",
    "contrast_authority": "authority",
    "contrast_day": "day",
    "contrast_draft": "title",
    "contrast_assumes": "assumes",
    "contrast_reading": "question answer",
    **dict.fromkeys(("contrast_same", "contrast_bounded", "contrast_proofs"), "count"),
    "contrast_smallest": "count total",
    **dict.fromkeys(
        (
            "contrast_same_law",
            "contrast_current",
            "contrast_by_draft",
            "contrast_taken",
            "contrast_otherwise",
            "contrast_untried",
            "contrast_which_phase",
            "contrast_no_value",
            "contrast_no_rule",
        ),
        "",
    ),
    "contrast_value": "parameter days",
    "contrast_rule": "rule",
    **dict.fromkeys(("contrast_holds", "contrast_fails", "contrast_open", "contrast_displaced", "contrast_blocked"), "sentence"),
    "replay_identical": "count law engine facts",
    "replay_answer_identical": "law engine facts",
    "replay_answer_different": "count",
    "replay_answer_same": "",
    "replay_different": "count total",
    **dict.fromkeys(("replay_same_answers", "replay_more"), "count"),
    **dict.fromkeys(("replay_changed", "replay_unexplained", "replay_vanished", "replay_absent", "replay_counted", "replaying"), ""),
    **dict.fromkeys(("replay_ruleset", "replay_engine", "replay_authority"), ""),
    **dict.fromkeys(("replay_ruleset_file", "replay_facts", "replay_reading"), "name"),
    "replay_settled": "name before",
    **dict.fromkeys(("replay_phase", "replay_undetermined", "replay_differs", "replay_proof"), ""),
    **dict.fromkeys(("deciding_head", "deciding_records", "deciding_not_alone", "deciding_any", "deciding_none", "deciding_exact_only"), ""),
    **dict.fromkeys(("deciding_exactly", "deciding_exact"), "value"),
    "deciding_case": "values outcome",
    "deciding_still": "causes",
    **dict.fromkeys(("deciding_still_many", "deciding_more"), "count"),
    **dict.fromkeys(("shown_above", "sum_member", "missing_gap", "missing_conflict", "missing_other", "cannot_determine"), ""),
    **dict.fromkeys(("cause_fact", "cause_parameter", "cause_rounded", "cause_gap", "cause_conflict", "cause_none", "cause_rule"), "leaf"),
    **dict.fromkeys(("cause_not_listed", "missing_fact", "missing_parameter", "missing_rounded", "missing_construct"), "leaf"),
    **dict.fromkeys(("missing_none", "missing_rule", "missing_not_listed"), "leaf"),
    "law_line": "law authority day",
    "why_line": "root phase day authority law",
    "under_authority": "authority value",
    "under_draft": "title assumes",
    **dict.fromkeys(("determining", "total", "year", "status_by_year", "what_is_missing", "what_differs"), ""),
    "out_rows": "count name folder",
    "out_aside": "count file",
    **dict.fromkeys(("head_parameter", "head_value", "head_source"), ""),
    **{f"cite_{kind}": "source point" for kind in KINDS},
    **dict.fromkeys(("place_article", "place_point"), "numbers"),
    **dict.fromkeys(("place_paragraph", "place_subpoint"), "number parts"),
    "place_next": "",
    "formula_name": "label",
    "formula_of": "name keys",
    **dict.fromkeys(("formula_and", "formula_or"), ""),
    **dict.fromkeys(("formula_not", "formula_none", "formula_given", "formula_year_of", "formula_size", "formula_some"), "item"),
    **dict.fromkeys(("formula_floor", "formula_ceil", "formula_round_half_up"), "item"),
    **dict.fromkeys(("formula_in", "formula_not_in"), "item members"),
    "formula_if": "then test other",
    "formula_where": "rows condition",
    **dict.fromkeys(("formula_any", "formula_all", "formula_sum", "formula_min", "formula_max"), "rows element"),
    **dict.fromkeys(("formula_exists", "formula_count", "rows_earlier"), "rows"),
    **dict.fromkeys(("formula_least", "formula_greatest"), "items"),
    "formula_default": "item other",
    "formula_date": "year month day",
    "formula_day": "day year",
    **dict.fromkeys(("cure_reached", "cure_still", "cure_would_have", "cure_too_late", "cure_none", "cure_not_known"), ""),
    **dict.fromkeys(("cure_stays_all", "cure_or", "cure_barred", "cure_unknown", "cure_not_searched", "cure_searching"), ""),
    "cure_first": "count",
    "cure_units": "units",
    "cure_cost": "cost",
    "cure_proved": "day status",
    "cure_also": "choices",
    "cure_stays": "what",
    "cure_differs": "authority",
    **dict.fromkeys(("cure_no_price", "cure_action_still", "cure_action_possible"), "action"),
    **dict.fromkeys(("name_member", "name_year", "name_phase", "name_plan", "name_as_of", "name_plan_first_year", "name_plan_last_year"), ""),
}
"""Every word that the engine says by a fixed id, with the names that it fills in."""


def find_missing_texts(law: Law) -> list[Problem]:
    """Words that the engine needs and the ruleset lacks, and every text that is not there in all languages."""
    return [*_words(law), *_authorities(law), *_points(law), *_texts(law)]


def named_in(text: str | Mapping[str, str]) -> frozenset[str]:
    """The names between braces in a text or in any of its plural forms."""
    return frozenset(name for form in ([text] if isinstance(text, str) else text.values()) for name in _BRACES.findall(form))


def _problem(at: Sequence[Any], message: str, remedy: str) -> Problem:
    return Problem(at[0], at[1], at[2], message, remedy)


# -- words ------------------------------------------------------------------------------------------------------


def _words(law: Law) -> Iterator[Problem]:
    words = law.tree["words"]
    for word, wanted in NEEDED.items():
        if word not in words:
            example = ", ".join(f"{language}: …" for language in LANGUAGES)
            yield _problem(_home(law), f"the engine needs the word '{word}'", f"add `{word}: {{{example}}}` under `words`")
            continue
        at, written = words[word]["at"], named_in(words[word].get("en", ""))
        for name in sorted(written - set(wanted.split())):
            yield _problem(at, f"words: {word}: the engine does not fill in {{{name}}}", did_you_mean(name, wanted.split()))
        for name in sorted(set(wanted.split()) - written):
            yield _problem(at, f"words: {word}: {{{name}}} is not said", f"name {{{name}}} in every language")


def _home(law: Law) -> tuple[str, int, int]:
    """Where words stand: the file of the first, or the manifest."""
    first = next(iter(law.tree["words"].values()), law.manifest)
    return first["at"][0], 1, 1


def _authorities(law: Law) -> Iterator[Problem]:
    labels = law.manifest.get("authority_labels", {})
    for name in sorted(labels.keys() ^ law.authorities.keys()):
        what = "has no label" if name in law.authorities else "has a label, but is not among the authorities"
        yield _problem(law.manifest["at"], f"authority '{name}' {what}", "`authorities` and `authority_labels` name the same")


# -- points of sources ------------------------------------------------------------------------------------------


def point_words(point: str) -> Iterator[tuple[str, str, str]]:
    """The phrases in the point of a legal text: how it is written, the id of its word, and the number that goes with it."""
    for found in _PHRASE.finditer(point):
        phrase, number = found.group(1).lower().replace(" ", "_"), found.group(2) or ""
        yield found.group(0), f"point_{phrase}_number" if number else f"point_{phrase}", number


def quotes_headings(kind: str) -> bool:
    """Whether the points of an instrument are headings of its own, which are quoted and never translated."""
    return kind in ("seed", "dataset")


def _points(law: Law) -> Iterator[Problem]:
    seen = set[str]()
    for content in [*law.tree["rules"], *law.tree["values"], *law.tree["constructs"].values(), *law.tree["records"].values()]:
        written = content.get("cite") or []
        for cite in written if isinstance(written, list) else [written]:
            instrument = law.tree["instruments"].get(cite["instrument"])
            if instrument is None or quotes_headings(instrument["kind"]):
                continue
            for phrase, word, _ in point_words(str(cite.get("point", ""))):
                if word not in law.tree["words"] and word not in seen:
                    seen.add(word)
                    remedy = f"write the point with numbers, or add `{word}` under `words`"
                    yield _problem(content["at"], f"the point '{phrase}' cannot be said in the other languages", remedy)


# -- all other texts --------------------------------------------------------------------------------------------

_LABELLED: dict[str, tuple[str, ...]] = {
    "instruments": ("title", "short"),
    "units": ("label",),
    "codes": ("label",),
    "tables": ("label",),
    "entities": ("label",),
    "decisions": ("label",),
    "parameters": ("label",),
    "constructs": ("title", "missing"),
    "questions": ("ask",),
    "records": ("label",),
    "statements": ("says",),
    "actions": ("label", "says"),
    "properties": ("says",),
    "phases": ("title",),
}
"""What each declaration must have in words."""


def _texts(law: Law) -> Iterator[Problem]:
    """Declarations without a text that they need, and texts without a language, wherever they stand."""
    for section, texts in _LABELLED.items():
        for name, content in law.tree[section].items():
            inner = {**content.get("members", {}), **content.get("columns", {})}
            yield from _present(content, f"{section}: {name}", texts, content["at"])
            for part, of in inner.items():
                yield from _present(of, f"{section}: {name}.{part}", ("label",), content["at"])
            for answer, of in content.get("answers", {}).items():
                yield from _present(of, f"{section}: {name}.{answer}", ("says",), content["at"])
    for rule in law.tree["rules"]:
        yield from _present(rule, f"rule '{rule['rule']}'", ("says",), rule["at"])
        yield from _complete(rule.get("says"), f"rule '{rule['rule']}', says", rule["at"])
    for section, content in law.tree.items():
        if section != "rules":
            yield from _complete(content, f"{section}: ", ["", 0, 0])


def _present(content: Mapping[str, Any], name: str, needed: tuple[str, ...], at: Sequence[Any]) -> Iterator[Problem]:
    for key in needed:
        if key not in content:
            yield _problem(at, f"{name} has no {key}", f"add `{key}: {{{', '.join(f'{one}: …' for one in LANGUAGES)}}}`")


def _complete(part: Any, name: str, at: Sequence[Any]) -> Iterator[Problem]:
    """Every text in a part of the law: whatever has one of the languages must have them all."""
    if isinstance(part, list):
        for inner in part:
            yield from _complete(inner, name, at)
    if not isinstance(part, Mapping):
        return
    at = part["at"] if isinstance(part.get("at"), list) else at
    if any(language in part for language in LANGUAGES):
        yield from _text(part, name, at)
        return
    for key, inner in part.items():
        if isinstance(inner, (Mapping, list)) and key != "at":
            yield from _complete(inner, f"{name}{key}" if name.endswith(": ") else f"{name}.{key}", at)


def _text(text: Mapping[str, Any], name: str, at: Sequence[Any]) -> Iterator[Problem]:
    """One text: there in every language and plural form, with the same names in braces, and not English left standing."""
    names = {language: named_in(text[language]) for language in LANGUAGES if text.get(language)}
    for language in LANGUAGES:
        written = text.get(language)
        if not written:
            yield _problem(at, f"{name} has no text in '{language}'", f"add `{language}: …`")
            continue
        if not isinstance(written, str) and (lacking := [form for form in FORMS[language] if not written.get(form)]):
            yield _problem(at, f"{name}, {language}: no form for '{lacking[0]}'", f"write {', '.join(FORMS[language])}")
        if "en" in names and names[language] != names["en"]:
            odd = ", ".join(f"{{{n}}}" for n in sorted(names[language] ^ names["en"]))
            yield _problem(at, f"{name}: '{language}' and 'en' do not name the same: {odd}", "use the same names in braces")
        if language != "en" and isinstance(written, str) and written == text.get("en") and _untranslated(written):
            yield _problem(at, f"{name}: the text in '{language}' is the English one", "translate it")


def _untranslated(text: str) -> bool:
    """Whether a text has English words: two small letters in a row outside the names in braces and of foreign proper names."""
    return re.search(r"(?<![A-Za-z.])[a-z]{3,}(?![A-Za-z.])", _BRACES.sub("", text)) is not None
