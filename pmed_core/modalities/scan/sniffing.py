"""Table or scans? Said without loading what reads either."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from pmed_core.suffixes import BROKEN_ZIP, SCANS, ends_with, is_table_name


def is_scans(path: Path) -> bool:
    """Whether a file or folder holds scans rather than a table."""
    if path.is_dir():
        return not _tables_alone(one.name for one in path.rglob("*") if not one.is_dir())
    if ends_with(path.name, SCANS):
        return True
    if ends_with(path.name, ("zip",)):
        return not _packs_tables_alone(path)
    return not is_table_name(path.name) and path.is_file() and starts_as_dicom(path)


def _packs_tables_alone(path: Path) -> bool:
    """Whether a ZIP holds tables and nothing that may be a scan."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _tables_alone(e.filename for e in archive.infolist() if not e.is_dir())
    except BROKEN_ZIP:
        return False


def _tables_alone(names: Iterable[str]) -> bool:
    there = False
    for name in names:
        if _may_be_a_scan(name):
            return False
        there = there or is_table_name(name)
    return there


def _may_be_a_scan(name: str) -> bool:
    last = PurePosixPath(name.replace("\\", "/")).name
    if last.startswith("."):
        return False
    return ends_with(last, SCANS) or "." not in last


def starts_as_dicom(path: Path) -> bool:
    """DICOM files need no ending."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"
