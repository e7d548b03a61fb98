"""Table or scans? Said without loading what reads either."""

from __future__ import annotations

from pathlib import Path

TABLES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet", ".pq")
SCANS = (".dcm", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".nii", ".nii.gz", ".zip")


def is_scans(path: Path) -> bool:
    """Whether a file or folder holds scans rather than a table."""
    name = path.name.lower()
    if path.is_dir() or name.endswith(SCANS):
        return True
    return not name.endswith(TABLES) and path.is_file() and starts_as_dicom(path)


def starts_as_dicom(path: Path) -> bool:
    """DICOM files need no ending."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"
