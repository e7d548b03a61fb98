"""A table of labels -> which of its rows speaks of which scan."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import pandas as pd

from pmed_core.modalities.scan.readers.dicom import pseudonym

ENDINGS = re.compile(
    r"\.(png|jpe?g|jp2|tiff?|bmp|gif|dcm|dicom|ima|nii(\.gz)?|mha|nrrd|gz)$", re.IGNORECASE
)
ID_NAMES = re.compile(
    r"(^|[\W_])(id|ids|uid|pid|mrn|no|nr)($|[\W_])|id$|uid$|patient|subject|person|participant|case|"
    r"series|study|instance|accession",
    re.IGNORECASE,
)
KINDS = ("file", "instance", "series", "patient", "study", "accession", "folder")
TITLES = {
    "file": "file names", "instance": "instance UIDs", "series": "series UIDs",
    "patient": "patient ids", "study": "study UIDs", "accession": "accession numbers",
    "folder": "folders",
}  # fmt: skip


def text_of(cells: pd.Series[Any]) -> pd.Series[str]:
    """Cells exactly as they are written, without the spaces around them; "" for an empty one."""
    return cells.astype("str").fillna("").str.strip()


def stem_of(name: str) -> str:
    """A file's name without the endings of pictures: a.nii.gz -> a, but 1.2.840 stays."""
    return ENDINGS.sub("", name)


@dataclass
class Files:
    """Finds the file that a cell names: by its whole path, else its name, else its stem.

    Attributes:
        ambiguous: cells that name several files; none of these is taken.
        by_case, by_name: cells that agree but for upper and lower case, or for the folder or the
            ending.
        by_stem: cells that name a file without its ending.
    """

    paths: Sequence[str]
    ambiguous: set[str] = field(default_factory=set)
    by_case: set[str] = field(default_factory=set)
    by_name: set[str] = field(default_factory=set)
    by_stem: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Prepare the look-up."""
        unique = dict.fromkeys(self.paths)
        self._paths = set(unique)
        self._names: dict[str, list[str]] = defaultdict(list)
        self._stems: dict[str, list[str]] = defaultdict(list)
        self._folded: dict[str, list[str]] = defaultdict(list)
        for path in unique:
            name = PurePosixPath(path).name
            self._names[name].append(path)
            self._stems[stem_of(name)].append(path)
            for form in dict.fromkeys((name.casefold(), stem_of(name).casefold())):
                self._folded[form].append(path)

    def find(self, cell: str) -> str | None:
        """The path of the one file that a cell names."""
        composed = unicodedata.normalize("NFC", cell)
        wanted = re.sub(r"^(\.?/)+", "", composed.replace("\\", "/"))
        if not wanted:
            return None
        if wanted in self._paths:
            return wanted
        name = wanted.rsplit("/", 1)[-1]
        found = self._names.get(name) or self._stems.get(stem_of(name)) or []
        if not found:
            found = self._folded.get(name.casefold()) or self._folded.get(
                stem_of(name).casefold(), []
            )
            if len(found) == 1:
                self.by_case.add(cell)
        if "/" in wanted and found:
            found = _same_end(wanted, found) or found
        if len(found) > 1:
            self.ambiguous.add(cell)
        if len(found) != 1:
            return None
        if PurePosixPath(found[0]).name.casefold() != name.casefold():
            self.by_stem.add(cell)
        if cell not in self.by_case and not _agree(wanted, found[0]):
            self.by_name.add(cell)
        return found[0]


def _agree(wanted: str, path: str) -> bool:
    """Whether one is the end of the other; a cell without ending or folders agrees with both."""
    if "/" not in wanted:
        return PurePosixPath(path).name in (wanted, *_with_ending(wanted, path))
    return ("/" + path).endswith("/" + wanted) or ("/" + wanted).endswith("/" + path)


def _with_ending(wanted: str, path: str) -> tuple[str, ...]:
    name = PurePosixPath(path).name
    return (name,) if stem_of(name) == wanted else ()


def _same_end(wanted: str, paths: list[str]) -> list[str]:
    """Those of the paths that share the most folders with what is wanted, from the end."""
    asked = wanted.split("/")[-2::-1]
    best, most = [], 1
    for path in paths:
        own = path.split("/")[-2::-1]
        shared = next((k for k, (a, b) in enumerate(zip(asked, own, strict=False)) if a != b), None)
        shared = min(len(asked), len(own)) if shared is None else shared
        if shared > most:
            best, most = [path], shared
        elif shared == most:
            best.append(path)
    return best


@dataclass(frozen=True)
class Match:
    """How a table speaks of scans.

    Attributes:
        column, kind: of the table, and what its cells are; empty where it names no scan.
        rows: for each scan the numbers of its rows in the table.
        files: what was found by less than the whole name; None where ids were compared.
    """

    column: str
    kind: str
    rows: list[list[int]]
    files: Files | None = None

    @property
    def hits(self) -> int:
        """Scans with a row."""
        return sum(map(bool, self.rows))


NO_MATCH = Match("", "", [])


def match(
    table: pd.DataFrame,
    files: Sequence[str],
    ids: Mapping[str, Sequence[str]],
    pseudonyms: Mapping[str, Pseudonym],
) -> Match:
    """The column that names most scans; files before ids, ids before folders.

    Args:
        files: one a scan, each with its folders.
        ids: kind -> one key a scan, as text or as pseudonym; empty where there is none.
        pseudonyms: kind -> what makes a cell comparable with its keys.
    """
    found = []
    for column in map(str, table.columns):
        cells = text_of(table[column])
        if cells[cells != ""].nunique() < 1:
            continue
        named = Files(files)
        found.append(Match(column, "file", _of_files(cells, files, named), named))
        if ID_NAMES.search(column):
            found += [
                Match(column, kind, _of_keys(cells, keys, pseudonyms.get(kind)))
                for kind, keys in ids.items()
                if any(keys)
            ]
        if cells.is_unique:
            found.append(Match(column, "folder", _of_folders(cells, files)))
    return max(found, key=_worth, default=NO_MATCH)


class Pseudonym:
    """The keyed pseudonym of an id, as DICOM files get it."""

    def __init__(self, letter: str, key: bytes) -> None:
        self.letter, self.key = letter, key

    def __call__(self, cell: str) -> str:
        """The pseudonym of a cell; "" for an empty one."""
        return pseudonym(self.letter, cell, self.key)


def _worth(one: Match) -> tuple[int, int, int, int]:
    sure = -len(one.files.by_name | one.files.by_case) if one.files else 0
    # A number may be the name of a file without its ending, and only happen to be.
    whole = -len(one.files.by_stem) if one.files else 0
    return one.hits, -KINDS.index(one.kind), sure, whole


def _of_files(cells: pd.Series[str], paths: Sequence[str], files: Files) -> list[list[int]]:
    places: dict[str, str | None] = {cell: files.find(cell) for cell in cells.unique()}
    rows: dict[str, list[int]] = defaultdict(list)
    for row, cell in enumerate(cells):
        if place := places[cell]:
            rows[place].append(row)
    return [rows.get(path, []) for path in paths]


def _of_keys(cells: pd.Series[str], keys: Sequence[str], made: Pseudonym | None) -> list[list[int]]:
    wanted = set(keys) - {""}
    as_key = {cell: (made(cell) if made else cell) for cell in cells.unique() if cell}
    rows: dict[str, list[int]] = defaultdict(list)
    for row, cell in enumerate(cells):
        if cell and as_key[cell] in wanted:
            rows[as_key[cell]].append(row)
    return [rows.get(key, []) if key else [] for key in keys]


def _of_folders(cells: pd.Series[str], paths: Sequence[str]) -> list[list[int]]:
    composed = (unicodedata.normalize("NFC", cell).strip("/") for cell in cells)
    rows = {cell: row for row, cell in enumerate(composed) if cell}
    found = []
    for path in paths:
        parts = path.split("/")[:-1]
        above = {*parts, *("/".join(parts[: k + 1]) for k in range(len(parts)))}
        fitting = [rows[one] for one in above if one in rows]
        found.append(fitting if len(fitting) == 1 else [])
    return found
