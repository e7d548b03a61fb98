"""How molecules come in: as a column of a table; see ``contracts.Reading``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.modalities.molecule import column_of
from pmed_core.modalities.molecule.sdf import CALLED, RULE
from pmed_core.modalities.tabular import reading as tables
from pmed_core.modalities.tabular.reading import (
    KEEPS_FILES,
    cohort,
    corrected,
    inspected,
    unlabelled,
)
from pmed_core.outcomes.target import happened
from pmed_core.quality import Finding, Severity, Summary
from pmed_core.quantity import counted
from pmed_core.readers import concentrations, table_quality
from pmed_core.reading import Choices
from pmed_core.variable import Kind, Role

if TYPE_CHECKING:
    from pmed_core.modalities.contracts import Model

__all__ = [
    "KEEPS_FILES", "cohort", "corrected", "findings", "inputs", "inspected", "unlabelled",
]  # fmt: skip

Rows = NDArray[np.int64]
NAMED = 3
UNLIKE = 0.5
"""Standard deviations by which measurements of one structure differ without a word."""


def inputs(path: Path, model: Model, home: Path, looked_at: bool, choices: Choices) -> Cohort:
    """A table laid out as that of training was; structures and titles of SDF take the names that
    molecules and their ids had there."""
    asked = {RULE: column_of(model.variables), CALLED: model.patient or "", **choices}
    return tables.inputs(path, model, home, looked_at, asked)


def findings(cohort: Cohort, summaries: tuple[Summary, ...]) -> list[Finding]:
    """What is found in any table but for its molecules, and what is found of these."""
    columns = [v.name for v in cohort.inputs if v.kind is Kind.MOLECULE]
    rest = tuple(replace(v, role=Role.IGNORE) if v.name in columns else v for v in cohort.variables)
    found = table_quality.findings(replace(cohort, variables=rest), summaries)
    for name in columns:
        found += _of_molecules(cohort, name)
    return found + concentrations.findings(cohort)


def _of_molecules(cohort: Cohort, name: str) -> list[Finding]:
    cells = cohort.table[name]
    without = int(cells.isna().sum())
    found = [_unread(name, without, len(cohort))]
    codes, twice = _repeated(cells)
    if not len(twice):
        sentence = f"No structure of '{name}' appears twice, tautomers included."
        return [*found, Finding("same molecule twice", Severity.CLEAN, sentence)]
    rows = np.flatnonzero(np.isin(codes, twice))
    found.append(
        Finding(
            "same molecule twice", Severity.NOTE,
            f"{counted(len(twice), 'structure')} {'appears' if len(twice) == 1 else 'appear'} "
            f"in several rows ({len(rows):,} rows; tautomers count as one structure). These rows "
            "stay on one side of every split.",
            columns=(name,), rows=tuple(rows[:100].tolist()),
        )
    )  # fmt: skip
    return [*found, *_conflicts(cohort, name, codes, twice)]


def _unread(name: str, without: int, rows: int) -> Finding:
    if not without:
        return Finding("unread molecules", Severity.CLEAN, f"Every row of '{name}' has a molecule.")
    return Finding(
        "unread molecules", Severity.NOTE,
        f"{without:,} of {rows:,} rows of '{name}' hold no molecule that can be read, and are not "
        "learnt from.", "The account of reading says which and why.", (name,),
    )  # fmt: skip


def conflicts(cohort: Cohort, name: str) -> list[Finding]:
    """The same structure, tautomers included, with different outcomes."""
    codes, twice = _repeated(cohort.table[name])
    return _conflicts(cohort, name, codes, twice)


def _repeated(cells: pd.Series[str]) -> tuple[Rows, Rows]:
    """(n,) which structure each cell has, -1 none; and those that several have."""
    from pmed_core.modalities.molecule.structures import alike

    codes, keys = pd.factorize(cells.map(alike, na_action="ignore"))
    counts = np.bincount(codes[codes >= 0], minlength=len(keys))
    return codes, np.flatnonzero(counts > 1)


def _conflicts(cohort: Cohort, name: str, codes: Rows, twice: Rows) -> list[Finding]:
    """The same structure with different outcomes, where these are labels."""
    if cohort.outcome is None:
        return []
    target = cohort.target()
    told = np.array(happened(cohort.outcome, target), dtype=object)
    values = target.actual if target.actual.size else target.observed[:, None].astype(float)
    values = np.where(target.observed[:, None] < 0, np.nan, values)
    apart = UNLIKE * np.nanstd(values, axis=0) if np.isfinite(values).any() else np.inf
    of_each = {code: np.flatnonzero(codes == code) for code in twice}
    unlike = {
        code: rows for code, rows in of_each.items()
        if (_spread(values[rows]) > apart).any()
    }  # fmt: skip
    if not unlike:
        sentence = "Rows of the same structure have the same outcome."
        return [Finding("conflicting labels", Severity.CLEAN, sentence)]
    shown = "; ".join(
        f"{cohort.table[name].iloc[rows[0]]} ({', '.join(sorted({told[r] for r in rows}))})"
        for rows in list(unlike.values())[:NAMED]
    )
    rows = np.concatenate(list(unlike.values()))
    return [
        Finding(
            "conflicting labels", Severity.WARNING,
            f"{counted(len(unlike), 'structure')} {'has' if len(unlike) == 1 else 'have'} "
            f"different outcomes in different rows: {shown}"
            f"{' …' if len(unlike) > NAMED else ''}.",
            "Find out which holds, or leave these rows out: no model can learn both.",
            (name,), tuple(rows[:100].tolist()),
        )
    ]  # fmt: skip


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(r, q) -> (q,) largest less smallest of what is known."""
    known = np.isfinite(values)
    high = np.where(known, values, -np.inf).max(axis=0)
    return np.where(known.any(axis=0), high - np.where(known, values, np.inf).min(axis=0), 0.0)
