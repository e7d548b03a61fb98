"""The label of each scan by a table: its column, readers who disagree, what stands beside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.modalities.scan.readers.folders import LABELS_AT_MOST, listed, merged, words
from pmed_core.modalities.scan.readers.label_tables import TITLES, Match, text_of
from pmed_core.readers.table import Table
from pmed_core.readers.tables import as_cohort
from pmed_core.reading import Choices, Decision
from pmed_core.variable import Role, Variable

SAYS_LABEL = re.compile(
    r"label|class|diagnos|finding|target|outcome|patholog|result|impression|disease|condition|"
    r"ground.?truth|befund|^dx|[\W_]dx$|^y$|category"
)
NEVER = listed(
    "sex gender geschlecht age alter view views projection split fold folds subset set train "
    "date day month year time site hospital center centre country width height rows columns "
    "spacing size url doi license licence modality manufacturer device scanner kvp email "
    "xmin xmax ymin ymax bbox race ethnicity weight bmi followup laterality position "
    "orientation filename filepath path file image"
)
RATHER_NOT = listed(
    "id ids uid name reader rad radiologist annotator rater note notes comment comments "
    "number nr no index patient subject series study instance accession report text"
)
PATIENT = re.compile(
    r"(patient|subject|case|person|participant)s?(ids?|uids?|no|nr|num|number|code|key|name)?\d*"
)
OF_ID = listed(
    "id ids uid uids identifier identifiers no nr num number code key name index hash pseudonym"
)
"""The first word of the name of a column of patients, and those that may follow."""
MISSING = frozenset(("", "na", "n/a", "nan", "null", "?", "-", "<na>", "none given"))
READERS = ("leave-out", "majority", "first")
BESIDE = "read beside the scans; a model of scans does not read it"
RESERVED = ("scan", "patient", "label", "split")


@dataclass(frozen=True)
class Told:
    """What a table says, one entry a scan.

    Attributes:
        patient_column, torn: the column that tells the patients, empty where none does; and how
            many scans have rows of several patients, of which the first is kept.
        beside: the other columns as they are kept, and their cells.
        open: the labels cannot be told, and a person has to say which column holds them.
    """

    labels: list[str]
    patients: list[str]
    beside: pd.DataFrame
    variables: tuple[Variable, ...] = ()
    reading: list[Decision] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    open: bool = False
    patient_column: str = ""
    torn: int = 0


def told_by_table(table: Table, found: Match, choices: Choices) -> Told:
    """Labels, patients and all other columns of the rows that speak of scans.

    Raises ``UserError`` where a chosen column of labels is not there.
    """
    cells = table.cells
    column, decision = label_column(cells, found.column, table.name, choices)
    reading = [*_matched(table, found), decision]
    of_patients = found.kind in ("patient", "folder")
    owner = next(
        (
            c for c in map(str, cells.columns)
            if says_patient(c) and c != column and (c != found.column or of_patients)
        ),
        None,
    )  # fmt: skip
    empty = [""] * len(found.rows)
    labels, more = _labels(cells, found, column, choices) if column else (empty, [])
    patients, torn = _patients(cells, owner, found) if owner else (empty, 0)
    rest = [c for c in map(str, cells.columns) if c not in (found.column, column, owner)]
    beside, variables, notes, said = _beside(table, rest, found, choices)
    return Told(
        labels, patients, beside, variables, [*reading, *more, *said], notes, not column,
        owner or "", torn,
    )  # fmt: skip


def says_patient(column: str) -> bool:
    """Whether a column says by its name whose scan it is, and not how old or ill they are."""
    first, *rest = _words(column) or ("",)
    if first in ("id", "pid"):
        return not rest
    ids = all(word in OF_ID or word.isdigit() for word in rest)
    return bool(PATIENT.fullmatch(first)) and ids


def _words(column: str) -> tuple[str, ...]:
    return words(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column))


def _tokens(column: str) -> set[str]:
    return set(_words(column))


def candidates(cells: pd.DataFrame, key: str) -> tuple[list[str], list[str]]:
    """Columns that say by their names that they are labels, and all that could be some."""
    said, possible = [], []
    for column in map(str, cells.columns):
        tokens = _tokens(column)
        if column == key or tokens & NEVER:
            continue
        known = [v for v in text_of(cells[column]) if v.casefold() not in MISSING]
        distinct = len(set(known))
        if SAYS_LABEL.search(" ".join(words(column))) and 1 <= distinct <= LABELS_AT_MOST:
            said.append(column)
        few = distinct <= max(2, min(LABELS_AT_MOST, len(known) // 2))
        if distinct >= 2 and few and not tokens & RATHER_NOT and not says_patient(column):
            possible.append(column)
    surer = [column for column in said if not _tokens(column) & RATHER_NOT - {"name", "text"}]
    return surer or said, possible


def label_column(
    cells: pd.DataFrame, key: str, where: str, choices: Choices
) -> tuple[str, Decision]:
    """The column with the labels, "" where it is to be asked, and what is said of it."""
    said, possible = candidates(cells, key)
    others = [str(c) for c in cells.columns if str(c) != key]
    options = tuple(dict.fromkeys((*said, *possible, *others)))
    if wanted := choices.get("label-column", ""):
        if wanted not in others:
            raise UserError(
                f"The table of labels has no column '{wanted}'", where,
                f"It has: {', '.join(others[:10])}.",
            )  # fmt: skip
        sentence = f"The labels are the column '{wanted}' of {where}."
        return wanted, Decision("label-column", wanted, sentence, options=options)
    sure = len(said) == 1
    taken = said[0] if sure else (possible[0] if not said and len(possible) == 1 else "")
    if taken:
        sentence = f"The labels are the column '{taken}' of {where}."
        return taken, Decision(
            "label-column", taken, sentence, cells=len(cells), options=options, proved=sure
        )
    several = said or possible
    sentence = (
        f"Several columns of {where} could be the labels: {', '.join(several[:6])}."
        if several else f"No column of {where} says by its name that it holds the labels."
    )  # fmt: skip
    return "", Decision("label-column", "", sentence, options=options, proved=False)


def _matched(table: Table, found: Match) -> list[Decision]:
    """By what rows and scans were matched, and which of either were not."""
    n = len(found.rows)
    used = {row for rows in found.rows for row in rows}
    # 7 may be patient 7, and the file 7.dcm another's.
    chance = bool(says_patient(found.column) and found.files and found.files.by_stem)
    reading = [
        Decision(
            "label-rows", found.column,
            f"{table.name} names {found.hits:,} of {n:,} scans: its column '{found.column}' holds "
            f"{TITLES[found.kind]}{', though it is called as one of patients' * chance}.",
            found.column, found.hits, proved=not chance,
        )
    ]  # fmt: skip
    cells = text_of(table.cells[found.column])
    unused = [cells.iloc[row] for row in range(len(cells)) if row not in used]
    if unused:
        one = len(unused) == 1
        reading.append(
            Decision(
                "label-rows-left", "left out",
                f"{len(unused):,} {'row of' if one else 'rows of'} {table.name} "
                f"{'names' if one else 'name'} no scan ({_few(unused)}).",
                found.column, len(unused),
                tuple((cell, "") for cell in unused[:2]), proved=False,
            )
        )  # fmt: skip
    return reading + _loosely(found)


def _loosely(found: Match) -> list[Decision]:
    """What was matched, or could not be, by less than the whole name."""
    if found.files is None:
        return []
    said = {
        "case": (found.files.by_case, "by a name that differs in upper and lower case only", True),
        "names": (found.files.by_name, "by file name alone: folder or ending differ", True),
        "ambiguous": (found.files.ambiguous, "", False),
    }  # fmt: skip
    reading = []
    for value, (cells, how, taken) in said.items():
        if cells:
            n, some = len(cells), _few(sorted(cells))
            names = f"{n:,} {'cell' if n == 1 else 'cells'} of '{found.column}'"
            sentence = (
                f"{names} found {'its' if n == 1 else 'their'} scan {how} ({some})." if taken
                else f"{names} could mean several scans of the same file name and were not used "
                f"({some}). Write the folder in front of the name."
            )  # fmt: skip
            reading.append(
                Decision(f"label-{value}", value, sentence, found.column, n, proved=False)
            )
    return reading


def _few(values: Sequence[str]) -> str:
    return ", ".join(value[:60] or "empty" for value in values[:2]) + " …" * (len(values) > 2)


def _labels(
    cells: pd.DataFrame, found: Match, column: str, choices: Choices
) -> tuple[list[str], list[Decision]]:
    """One label a scan; where rows of one scan disagree, as chosen, else none."""
    written = text_of(cells[column]).tolist()
    # Beside a plus, a minus is an answer.
    missing = MISSING - {"-"} if "+" in written else MISSING
    known = ["" if value.casefold() in missing else value for value in written]
    values, reading = merged(known, column, choices)
    wanted = choices.get("readers", READERS[0])
    labels, torn = [], []
    for place, rows in enumerate(found.rows):
        own = [values[row] for row in rows if values[row]]
        if len(set(own)) > 1:
            torn.append(place)
            labels.append(_settled(own, wanted))
        else:
            labels.append(own[0] if own else "")
    several = sum(len(rows) > 1 for rows in found.rows)
    if several:
        reading.append(_disagreement(found, torn, several, wanted))
    return labels, reading


def _settled(own: list[str], wanted: str) -> str:
    if wanted == "first":
        return own[0]
    (most, count), *others = Counter(own).most_common()
    return most if wanted == "majority" and count > others[0][1] else ""


def _disagreement(found: Match, torn: list[int], several: int, wanted: str) -> Decision:
    if not torn:
        return Decision(
            "readers", "agree",
            f"{several:,} {'scan has' if several == 1 else 'scans have'} several rows in the table "
            "of labels, which agree.",
            cells=several,
        )  # fmt: skip
    done = {
        "majority": "take the label of most rows, or none where it is a tie",
        "first": "take the label of the first row",
    }.get(wanted, "are left without a label")
    n = len(torn)
    return Decision(
        "readers", wanted if wanted in READERS else READERS[0],
        f"{n:,} {'scan has' if n == 1 else 'scans have'} several rows with different labels (as of "
        f"readers who disagree); they {done}.", "", n, (), READERS, proved=False,
    )  # fmt: skip


def _patients(cells: pd.DataFrame, owner: str, found: Match) -> tuple[list[str], int]:
    """The first patient of the rows of each scan, and how many scans have several."""
    written = ["" if v.casefold() in MISSING else v for v in text_of(cells[owner])]
    own = [list(dict.fromkeys(written[row] for row in rows if written[row])) for rows in found.rows]
    return [one[0] if one else "" for one in own], sum(len(one) > 1 for one in own)


def _beside(
    table: Table, rest: list[str], found: Match, choices: Choices
) -> tuple[pd.DataFrame, tuple[Variable, ...], tuple[str, ...], list[Decision]]:
    """All other columns, typed as in a table of patients, one row a scan."""
    rest = [c for c in rest if (text_of(table.cells[c]) != "").any()]
    rows = [own[0] if own else -1 for own in found.rows]
    if not rest:
        return pd.DataFrame(index=range(len(rows))), (), (), []
    own = replace(table, cells=table.cells[rest], reading=())
    # What was decided about the collection, or about its labels, is no decision of these columns.
    of_these = {key: value for key, value in choices.items() if key.partition(":")[2] in rest}
    read = as_cohort(own, table.name, choices=of_these)
    named = {v.name: _free(v.name) for v in read.variables}
    kept = [v for v in read.variables if "direct identifier" not in v.reason]
    cells = read.table[[v.name for v in kept]].reindex(rows).reset_index(drop=True)
    variables = tuple(
        replace(
            v, name=named[v.name], role=Role.IGNORE, reason=v.reason or BESIDE,
            source=v.column if named[v.name] != v.name else v.source,
        )
        for v in kept
    )  # fmt: skip
    reading = [*table.reading, *read.reading]
    if kept:
        shown = ", ".join(f"'{v.name}'" for v in kept[:6]) + " …" * (len(kept) > 6)
        reading.append(
            Decision(
                "beside", "kept", f"Kept beside the scans: {shown} of {table.name}.",
                cells=len(kept),
            )
        )  # fmt: skip
        reading += _torn_beside(table.cells[[v.column for v in kept]], found)
    return cells.rename(columns=named), variables, read.notes, reading


def _free(name: str) -> str:
    return f"{name} (table)" if name in RESERVED else name


def _torn_beside(cells: pd.DataFrame, found: Match) -> list[Decision]:
    """Columns whose cells differ between the rows of one scan: the first is kept."""
    several = [rows for rows in found.rows if len(rows) > 1]
    texts = {column: text_of(cells[column]).tolist() for column in map(str, cells.columns)}
    torn = {
        column: sum(len({values[row] for row in rows}) > 1 for rows in several)
        for column, values in texts.items()
    }
    differ = [column for column, count in torn.items() if count]
    if not differ:
        return []
    named = ", ".join(f"'{column}'" for column in differ[:4]) + " …" * (len(differ) > 4)
    return [
        Decision(
            "beside-rows", "first",
            f"Where a scan has several rows, {named} hold the cell of the first of them.",
            cells=max(torn.values()), proved=False,
        )
    ]  # fmt: skip
