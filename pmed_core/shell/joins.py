"""Files that are joined to a table, packed with it as the app packs them: readers know one file."""

from __future__ import annotations

import tempfile
import zipfile
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pmed_core.errors import UserError
from pmed_core.modalities import ALL
from pmed_core.reading import BESIDE, JOINED, PHENOTYPES, joined


@contextmanager
def together(given: Namespace) -> Iterator[Namespace]:
    """What was typed, with one file in place of all; raises ``UserError``."""
    if beside := next((path for path in _tables_beside(given) if path), ""):
        also = [(flag, Path(path)) for flag, path in _files_beside(given).items()]
        with packed(Path(beside), [("", Path(given.file)), *also]) as (path, _):
            typed = [*given.read, f"files={JOINED}"]
            yield Namespace(**(vars(given) | {"file": str(path), "read": typed}))
        return
    if alone := next(iter(_files_beside(given)), ""):
        raise UserError(
            f"--{alone} is read with a VCF file and the table of its patients", f"--{alone}",
            "Add --phenotypes SHEET.",
        )  # fmt: skip
    if not given.join:
        yield given
        return
    joins = [_join(one) for one in given.join]
    with packed(Path(given.file), joins) as (path, read):
        typed = [*given.read, *(f"{key}={value}" for key, value in read.items())]
        yield Namespace(**(vars(given) | {"file": str(path), "read": typed}))


def _files_beside(given: Namespace) -> dict[str, str]:
    """Flag -> what was typed as a file that is read with the file, of all modalities."""
    names = [flag.name for one in ALL for flag in one.flags if flag.file_beside]
    return {name: path for name in names if (path := getattr(given, name, None))}


def _tables_beside(given: Namespace) -> list[str]:
    """What was typed as a table that the file is joined to, of all modalities."""
    flags = [flag for one in ALL for flag in one.flags if flag.table_beside]
    return [getattr(given, flag.name, "") or "" for flag in flags]


@contextmanager
def packed(
    main: Path, joins: Sequence[tuple[str, Path]], sheet: Path | None = None
) -> Iterator[tuple[Path, dict[str, str]]]:
    """A ZIP of a table, the files that are joined to it by their keys and the sheet of its
    patients, for as long as it is read, and the choices that say so; raises ``UserError``."""
    keys = [key for key, _ in joins]
    files = [main, *(path for _, path in joins), *([sheet] if sheet else [])]
    for path in files:
        if not path.is_file():
            raise UserError("There is no such file", str(path), "Check the path.")
    names = _names(files)
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / f"{main.stem}.zip"
        with zipfile.ZipFile(whole, "w") as archive:
            for path, name in zip(files, names, strict=True):
                archive.write(path, name)
        read = joined(zip(keys, names[1:], strict=False))
        read |= {PHENOTYPES: names[-1]} if sheet else {}
        yield whole, {"file": names[0], **read}


def _names(files: list[Path]) -> list[str]:
    """Of each within the ZIP: its own, with its place where two are called the same."""
    own = [path.name.replace("=", "-").replace(BESIDE, "-") for path in files]
    if len({name.casefold() for name in own}) == len(own):
        return own
    return [f"{place}-{name}" for place, name in enumerate(own, 1)]


def _join(text: str) -> tuple[str, Path]:
    key, equals, file = text.partition("=")
    if not (key and equals and file):
        raise UserError(
            f"'{text}' joins nothing", "--join", "Write KEY=FILE: cell_line=expression.csv."
        )
    return key, Path(file)
