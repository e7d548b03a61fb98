"""What the reader decided about a file, and what a user decides instead: the account of reading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

Choices = Mapping[str, str]
"""What a user decided: the key of a decision -> the value it shall have."""


OF_COLUMNS = frozenset(
    {"decimal", "dates", "missing", "missing-code", "unit", "spelling", "kind", "exact", "event",
     "labels", "percent", "shown", "limits", "bands", "unit-column", "joined"}
)  # fmt: skip
"""Decisions about one column that a user can overrule, as ``RULE:COLUMN``."""
OF_FILES = frozenset(
    {"encoding", "mojibake", "separator", "header", "groups", "units-row", "footer", "columns",
     "hidden-columns", "unnamed-columns", "rows", "struck-rows", "sheet", "sheets", "file", "files",
     "join", "pivot", "patient", "label-column", "labels-from", "folders", "patient-folders",
     "readers", "outlines", "outline-edges", "outline-size", "order", "looked-at", "below",
     "structure", "title", "sequence", "expression", "phenotypes", "repeated-rows"}
)  # fmt: skip
"""Decisions about a whole file, or a collection of scans."""


CLOSED: Mapping[str, tuple[str, ...]] = {
    "decimal": ("point", "comma"),
    "dates": ("dmy", "mdy", "ymd", "serial", "number", "numbers", "dates"),
    "spelling": ("folded", "as-written"), "exact": ("text", "number"),
    "kind": ("number", "date", "category", "two-numbers", "molecule", "profile", "sequence",
             "expression", "variants"),
    "percent": ("as stored", "as shown"), "shown": ("as shown", "as stored"),
    "groups": ("joined", "left out"), "units-row": ("units", "descriptions", "patient"),
    "footer": ("left out", "kept"), "below": ("left out", "kept"),
    "columns": ("number-repeats", "flattened"), "hidden-columns": ("read", "left out"),
    "patient-folders": ("patients", "none"), "readers": ("leave-out", "majority", "first"),
    "outlines": ("as-drawn", "inverted"), "outline-size": ("leave-out", "resize"),
    "outline-edges": ("blurred", "regions"),
    "order": ("position", "number", "name"), "looked-at": ("left out", "taken"),
    "rows": ("all", "visible"), "struck-rows": ("read", "left out"),
    "sheets": ("first", "together"), "files": ("first", "together", "joined"),
    "mojibake": ("kept", "mended"), "limits": ("limit", "half", "missing"),
    "expression": ("genes in rows", "genes in columns", "left as columns"),
    "unnamed-columns": ("left out", "kept"), "repeated-rows": ("kept", "left out"),
    "unit-column": ("joined", "apart"),
}  # fmt: skip
"""Rule -> what can be chosen, where nothing else can."""
REPEATED_ROWS = "repeated-rows"
"""Rule of rows that are the same, or nearly the same, under two patients."""
PHENOTYPES = "phenotypes"
"""Rule of the sheet that says whose samples a file holds, and what happened to them."""
JOINED = "joined"
"""Rule of another file that is joined by a column."""
LABELLED = "labels-in-headers"
"""Rule of the column that holds the label of each record, as the file itself says."""
BESIDE = "|"
"""Between the names of files that are joined by the same column."""
OF_LABELS = frozenset(
    {"label-column", "labels-from", "folders", "readers", "looked-at", "spelling", "event"}
)
"""Of scans: what an outcome that was chosen before may not outlive."""


OF_LAYOUT = frozenset({"join", "pivot"})
OF_LATER_FILES = frozenset(
    {("header", "none"), ("columns", "number-repeats"), ("columns", "flattened"),
     ("groups", "left out"), ("units-row", "patient"), ("footer", "kept"), ("below", "kept"),
     ("unnamed-columns", "kept"), ("hidden-columns", "left out"), ("rows", "visible"),
     ("struck-rows", "left out"),
     ("sheets", "together"), ("files", "together")}
)  # fmt: skip
"""(rule, value) that a person chose for a whole file, and later files are read by."""


def joins(choices: Choices) -> list[tuple[str, str]]:
    """(key, name) of each file in the ZIP that is joined by a column."""
    start = f"{JOINED}:"
    return [
        (key.removeprefix(start), name) for key, names in choices.items() if key.startswith(start)
        for name in names.split(BESIDE)
    ]  # fmt: skip


def joined(files: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The choices that ``joins`` reads: (key, name) of each file, several of a key in order."""
    found = dict[str, str]()
    for key, name in files:
        rule = f"{JOINED}:{key}"
        found[rule] = f"{found[rule]}{BESIDE}{name}" if rule in found else name
    return found


def can_be_chosen(rule: str, column: str) -> bool:
    """Whether a user may decide about this."""
    return rule in (OF_COLUMNS if column else OF_FILES)


def unknown_rule(choices: Choices) -> str:
    """The first choice about something that no reader decides; empty where there is none."""
    for key in choices:
        rule, _, column = key.partition(":")
        if not can_be_chosen(rule, column):
            return key
    return ""


def not_an_option(choices: Choices) -> str:
    """The first choice whose value is none that its rule has; empty where there is none."""
    for key, value in choices.items():
        if value not in CLOSED.get(key.partition(":")[0], (value,)):
            return key
    return ""


@dataclass(frozen=True)
class Decision:
    """One thing that the reader decided.

    Attributes:
        rule: what was decided about: "decimal", "date-order", "sheet", ...; a slug without colon.
        value: what was decided.
        sentence: the same in words, ending in a full stop.
        column: of the file; empty where it is about the whole file.
        cells: cells (rows, files) concerned.
        examples: (before, after) of two of them at most.
        options: values that a user may decide instead; empty where any text may be given.
        proved: the file itself shows that it is so; else it is a guess worth a look.
    """

    rule: str
    value: str
    sentence: str
    column: str = ""
    cells: int = 0
    examples: tuple[tuple[str, str], ...] = ()
    options: tuple[str, ...] = ()
    proved: bool = True

    @property
    def key(self) -> str:
        """How a user names it: "decimal:crp", "sheet"."""
        return f"{self.rule}:{self.column}" if self.column else self.rule

    @property
    def overrulable(self) -> bool:
        """Whether a user may decide otherwise."""
        return can_be_chosen(self.rule, self.column)

    def without_cells(self) -> Decision:
        """The same without what stands in the file: a model holds no patient."""
        return replace(self, examples=())


Reading = tuple[Decision, ...]
"""The account of reading, in the order of the decisions."""


def of_later_files(reading: Reading) -> Choices:
    """How a file was laid out as a person chose, for files of the same kind that come later."""
    return {
        one.rule: one.value
        for one in reading
        if (one.rule in OF_LAYOUT and one.proved) or (one.rule, one.value) in OF_LATER_FILES
    }


def open_question(reading: Reading) -> Decision | None:
    """The first decision that a person has to take, since nothing in the file tells."""
    return next((one for one in reading if not one.value and one.options), None)
