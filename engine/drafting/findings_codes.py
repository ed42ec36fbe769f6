"""The codes of what `kazets check` finds: stable names for users, documented in docs/findings.md."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.problems import Problem

CODES: dict[str, str] = {
    "layout": "the folder is no ruleset, or has a file that would not be read",
    "yaml": "a file is not plain YAML",
    "schema": "a key or value that the schema does not allow",
    "declared-twice": "a name or id is declared twice",
    "undefined-name": "a name that nothing declares",
    "undefined-source": "a source that is not among the instruments",
    "syntax": "an expression that cannot be read",
    "wrong-type": "an expression that gives another kind of value than is wanted",
    "wrong-unit": "quantities in units that do not fit",
    "wrong-value": "a written value that its parameter, column or record cannot have",
    "no-value": "a rule that gives no value",
    "never-in-force": "a period that ends before it begins",
    "competing-values": "two values for the same time with nothing to prefer either",
    "phase-years": "the years of phases end before they begin, or belong to two phases alike",
    "year-without-phase": "a year between phases that none governs",
    "circle": "phases, exceptions or decisions that depend on each other in a circle",
    "reading-default": "a question whose default is none of its answers",
    "governing-date": "a governing date that is no date",
    "missing-word": "a word that the engine needs, or the names that it fills in",
    "missing-text": "a text that lacks a language, a plural form or a name in braces",
    "unused-name": "a declaration that nothing uses",
    "unreachable-rule": "a rule that can apply in no year, or whose condition can never hold",
    "overridden-rule": "a rule that an exception always displaces",
    "no-rule": "a decision that no rule can decide",
    "missing-citation": "something that must name its source and does not",
    "period-hole": "days between two values of a parameter for which there is none",
    "period-overlap": "a value that is said to end after the next one begins",
    "missing-topic": "a phase that says nothing on a topic that every phase must settle",
    "undecided": "something that a scaffold left to be decided",
    "wrong-case": "a worked example that cannot be asked",
    "law": "another problem that keeps the law from being used",
}

_PATTERNS: tuple[tuple[str, str], ...] = (
    ("schema", r"is a required property$|there is no key '|: .* is not of type '|: .* is not one of |does not match \"|has less than \d"),
    ("layout", r"leads to a file outside|, its folder '"),
    ("declared-twice", r"is declared twice|two rules are called|stands twice"),
    ("undefined-source", r"no instrument '"),
    ("governing-date", r"is a date for no entity|year_of:"),
    ("reading-default", r"the default of '"),
    ("circle", r"in a circle|an exception to itself"),
    ("never-in-force", r": never$"),
    ("competing-values", r"two values for the same time"),
    ("phase-years", r"ends before it begins|govern the same year"),
    ("no-value", r"gives no value for"),
    ("missing-word", r"the engine needs the word|the engine does not fill in|\} is not said$"),
    (
        "missing-text",
        r"has no text in '|has no (label|title|short|says|ask|missing)$|no form for '|is the English one|do not name the same"
        r"|cannot be said in the other languages|but is not among the authorities",
    ),
    ("wrong-unit", r"cannot (add|subtract|compare) \S+ \(|but \S+ is wanted$|is not a unit that"),
    (
        "syntax",
        r"not an expression|is not allowed in a rule|texts are not allowed|: write (true|false|none)$|characters; at most|too large or too deep",
    ),
    (
        "wrong-value",
        r"is not a decimal number|is not a plain decimal|is not a date|is not true or false|is not a month and day|is not a day of every year"
        r"|write a list|the least that it can be|is not a year|needs a key|takes no key|is not in the code list '\w+': (did|use)|presumed:|: min: ",
    ),
    (
        "undefined-name",
        r"is not defined|it has no column '|has no column '|is no decision about|is not a value of '|it has no '|' has no '|no table '|no code list '|no entity '|no parameter '|no construct '|no question '|does not answer '"
        r"|no phase '|which does not exist|is not in the code list|no governing date '|which is not declared|there is no function"
        r"|does not decide the same thing|is not in '|no authority '|no unit '|no relation '",
    ),
    ("wrong-type", r"^rule '.*', (when|value|says): "),
)

_ADVICE = re.compile(r": ((?:did you mean|use|write|name|compare|read|say|give|sum) [^:]*(?:: [^:]*)?)$")
_PLACE = re.compile(r"^(?:(?:rule|property|action) '[^']+'(?:, \w+)?(?: decides)?:? )")
REMEDIES = {
    "syntax": "write it as docs/language.md shows; the mark stands where reading stopped",
    "wrong-type": "give what is wanted; `kazets law names` lists the names with their types",
    "wrong-unit": "compare and add like with like; multiply by the parameter that says how the units relate",
    "wrong-value": "write a value that it can have; `kazets schema ruleset` describes the forms of values",
    "undefined-name": "declare it, or correct the name; `kazets law names` lists the names",
    "governing-date": "name a date, as date(year, 12, 31)",
    "never-in-force": "`to` is the first day on which it no longer applies, and comes after `from`",
    "law": "correct the line that is marked",
}
"""How to mend what a message does not say itself."""


@dataclass(frozen=True)
class Finding:
    """One thing that a person should mend.

    Attributes:
        code: what kind of thing, one of `CODES`.
        file: as a reader in the working folder would write it.
        line, column: from 1; 0 where the whole file or folder is meant.
    """

    code: str
    file: str
    line: int
    column: int
    message: str
    remedy: str

    @property
    def thing(self) -> str:
        """What is wrong, whichever rule or case it was met in."""
        return _PLACE.sub("", self.message)


def finding(problem: Problem, code: str | None = None) -> Finding:
    """A problem that was met on reading the law, with its code and a way to mend it."""
    message, remedy = problem.message, problem.remedy
    found = code or next((name for name, pattern in _PATTERNS if re.search(pattern, message)), "law")
    advice = _ADVICE.search(message) if not remedy else None
    if advice is not None:
        message, remedy = message[: advice.start()], advice[1]
    return Finding(found, problem.file, problem.line, problem.column, message, remedy or REMEDIES.get(found, ""))
