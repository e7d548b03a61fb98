"""h5ad, the file of annotated matrices (AnnData): observations, variables and X, read strictly.

Virshup et al., The scverse project provides a computational ecosystem for single-cell omics data
analysis, Nature Biotechnology 2023; the layout is that of anndata 0.7 and later. Nothing but plain
arrays within the file itself is followed: no link to another file, no object.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from typing import Any

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.modalities.expression.profile import Matrix, alone
from pmed_core.quantity import counted
from pmed_core.readers.table import CELLS_AT_MOST, Table, must_fit
from pmed_core.reading import Choices, Decision

STARTS = b"\x89HDF\r\n\x1a\n"
SPARSE = ("csr_matrix", "csc_matrix")
REMEDY = "Write it with anndata 0.7 or later (adata.write_h5ad), samples as observations."
PLAIN = "iufb"
UNUSED = ("layers", "raw", "obsm", "varm", "obsp", "varp", "uns")
SECONDS = 60
WALK = f"""
import io, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
import h5py
def look(name, member):
    dict(member.attrs)
    if isinstance(member, h5py.Dataset) and member.size <= {CELLS_AT_MOST}:
        if not (member.is_virtual or member.external):
            member[()]
with h5py.File(io.BytesIO(sys.stdin.buffer.read()), "r") as file:
    for key in ("X", "obs", "var"):
        if isinstance(file.get(key, getlink=True), h5py.HardLink):
            look(key, file[key])
            isinstance(file[key], h5py.Group) and file[key].visititems(look)
"""
"""Reads what is read of a file, and is ended where that takes too long."""


def holds(data: bytes, name: str) -> bool:
    """Whether the bytes of a file are HDF5, in which h5ad is written."""
    return data.startswith(STARTS)


def parsed(data: bytes, name: str, choices: Choices) -> Table:
    """A row an observation; raises ``UserError`` for any other HDF5 and for what is damaged."""
    _must_end(data, name)
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            return _table(file, name)
    except (
        OSError,
        RuntimeError,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        OverflowError,
    ) as error:
        raise UserError("This HDF5 file cannot be read as h5ad", name, REMEDY) from error


def _must_end(data: bytes, name: str) -> None:
    """Raise ``UserError`` for a damaged file that HDF5's own code goes round and round in, which
    nothing in the same process could stop."""
    if os.name != "posix":
        return
    walked = subprocess.run(
        [sys.executable, "-I", "-c", WALK], input=data, capture_output=True, check=False
    )
    if walked.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise UserError(f"Reading this HDF5 file takes more than {SECONDS} s", name, REMEDY)


def _table(file: h5py.File, name: str) -> Table:
    for wanted in ("X", "obs", "var"):
        if wanted not in file:
            raise UserError(f"This HDF5 file is no h5ad: it has no '{wanted}'", name, REMEDY)
    observations, variables = _inside(file, "obs", name), _inside(file, "var", name)
    samples, genes = _index(observations, name), _index(variables, name)
    must_fit(len(samples) * len(genes), name)
    values = _values(file, (len(samples), len(genes)), name)
    cells, left = _columns(observations, len(samples), name)
    unread = [one for one in UNUSED if one in file and len(file[one])]
    about = [str(one) for one in variables.attrs.get("column-order", [])]
    told = [Decision("format", "h5ad", _said(values.shape, (left, unread, about)))]
    return alone(name, Matrix(samples, genes, values), told, cells)


def _inside(group: h5py.Group, key: str, where: str) -> Any:
    """A member that lies in this file; raises ``UserError`` for a link that leads elsewhere."""
    link, found = group.get(key, getlink=True), None
    if isinstance(link, h5py.HardLink):
        found = group[key]
    elsewhere = isinstance(found, h5py.Dataset) and (found.is_virtual or found.external)
    if found is None or elsewhere:
        raise UserError(f"'{key[:40]}' lies in another file", where, REMEDY)
    return found


def _array(group: h5py.Group, key: str, where: str) -> NDArray[Any]:
    """A plain array of numbers or texts."""
    found = _inside(group, key, where)
    if not isinstance(found, h5py.Dataset) or found.ndim != 1:
        raise UserError(f"'{key[:40]}' is no plain column", where, REMEDY)
    must_fit(int(found.size), where)
    if h5py.check_string_dtype(found.dtype) is not None:
        return np.asarray(found.asstr(errors="replace")[()], dtype=object)
    if found.dtype.kind not in PLAIN:
        raise UserError(f"'{key[:40]}' is no plain column", where, REMEDY)
    return np.asarray(found[()])


def _index(frame: Any, where: str) -> tuple[str, ...]:
    if not isinstance(frame, h5py.Group):
        raise UserError("It was written by an anndata before 0.7", where, REMEDY)
    key = str(frame.attrs.get("_index", "_index"))
    member = _inside(frame, key, where)
    names = _array(frame, key, where) if isinstance(member, h5py.Dataset) else _column(
        member, frame, key, where
    )  # fmt: skip
    if names is None:
        raise UserError(f"'{key[:40]}' is no plain column", where, REMEDY)
    # A name that is masked is none, which is said where each must have one.
    return tuple("" if pd.isna(one) else str(one).strip() for one in names)


def _values(file: h5py.File, shape: tuple[int, int], where: str) -> NDArray[np.float32]:
    """(n, p) of X, dense or sparse."""
    found = _inside(file, "X", where)
    if isinstance(found, h5py.Dataset):
        if found.shape != shape or found.dtype.kind not in PLAIN:
            raise UserError("X has not the size of observations and variables", where, REMEDY)
        values = np.asarray(found[()], dtype=np.float64)
    else:
        values = _sparse(found, shape, where)
    if np.isinf(values).any() or (np.abs(np.nan_to_num(values)) > np.finfo(np.float32).max).any():
        raise UserError("X holds a number that is infinite or too large", where, REMEDY)
    return values.astype(np.float32)


def _sparse(group: h5py.Group, shape: tuple[int, int], where: str) -> NDArray[np.float64]:
    """(n, p) of compressed rows or columns, checked before anything is put anywhere."""
    kind = str(group.attrs.get("encoding-type", ""))
    if kind not in SPARSE or tuple(group.attrs.get("shape", ())) != shape:
        raise UserError("X is written in a way that is not read", where, REMEDY)
    data, places, ends = (_array(group, key, where) for key in ("data", "indices", "indptr"))
    long, wide = shape if kind == SPARSE[0] else shape[::-1]
    ends = ends.astype(np.int64)
    counts = ends[1:] - ends[:-1]
    fits = len(ends) == long + 1 and ends[0] == 0 and ends[-1] == len(data) == len(places)
    fits = fits and bool((counts >= 0).all()) and len(data) <= CELLS_AT_MOST
    if not fits or (len(places) and (places.min() < 0 or places.max() >= wide)):
        raise UserError("The compressed rows of X contradict themselves", where, REMEDY)
    found = np.zeros((long, wide))
    # Entries of one place add up, as scipy has it.
    np.add.at(found, (np.repeat(np.arange(long), counts), places.astype(np.int64)), data)
    return found if kind == SPARSE[0] else np.ascontiguousarray(found.T)


def _columns(frame: h5py.Group, rows: int, where: str) -> tuple[pd.DataFrame, list[str]]:
    """What the file says of its observations, and the names of columns that are not read."""
    found, left = dict[str, Any](), list[str]()
    order = frame.attrs.get("column-order", [])
    for key in (str(one) for one in order):
        cells = _column(_inside(frame, key, where), frame, key, where)
        if cells is None or len(cells) != rows:
            left.append(key)
        else:
            found[key] = cells
    return pd.DataFrame(found, index=pd.RangeIndex(rows)), left


def _column(member: Any, frame: h5py.Group, key: str, where: str) -> Any:
    """(n,) cells; None where they are of a kind that is not read."""
    if isinstance(member, h5py.Dataset):
        cells = _array(frame, key, where)
        return pd.array(cells, dtype="str") if cells.dtype == object else _typed(cells)
    kind = str(member.attrs.get("encoding-type", ""))
    if kind == "categorical":
        codes, names = _array(member, "codes", where), _array(member, "categories", where)
        if len(codes) and (codes.max() >= len(names) or codes.min() < -1):
            raise UserError(f"Categories of '{key[:40]}' are missing", where, REMEDY)
        named = pd.array([str(one) for one in names], dtype="str")
        return named.take(codes.astype(np.int64), allow_fill=True)
    if kind in ("nullable-integer", "nullable-boolean", "nullable-string-array"):
        values, gone = _array(member, "values", where), _array(member, "mask", where)
        text = values.dtype == object
        known = pd.Series(pd.array(values, dtype="str") if text else _typed(values))
        return known.mask(gone.astype(bool)).array
    return None


def _typed(cells: NDArray[Any]) -> Any:
    """Truth values as text, as they stand in a table; numbers as they are."""
    if cells.dtype.kind == "b":
        return pd.array(np.where(cells, "True", "False"), dtype="str")
    return cells.astype(np.float64)


def _said(shape: tuple[int, ...], of: tuple[list[str], list[str], list[str]]) -> str:
    """``of``: columns of samples, members of the file and columns of genes that are not read."""
    left, unread, about = of
    parts = [
        f"This is a matrix of expression (h5ad): X has {shape[1]:,} genes of "
        f"{counted(shape[0], 'sample')}."
    ]
    if left:
        parts.append(f"Columns of another kind are not read: {', '.join(left[:5])}.")
    if unread:
        parts.append(f"X alone is read, and not {', '.join(unread)}.")
    if about:
        parts.append(
            "Genes are called by the index of var; its columns are not read: "
            f"{', '.join(about[:5])}{' …' * (len(about) > 5)}."
        )
    return " ".join(parts)
