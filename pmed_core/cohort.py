"""Patients in rows, variables in columns."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.arrays import to_json
from pmed_core.errors import UserError
from pmed_core.genotypes import Genotypes
from pmed_core.outcomes import Outcome, Target
from pmed_core.profiles import Profiles
from pmed_core.reading import Reading
from pmed_core.scans import Scans
from pmed_core.variable import REFERENCES, Kind, Role, Variable


@dataclass(frozen=True)
class Correction:
    """A label that a person changed.

    Attributes:
        row: the scan.
        before, after: the labels.
        who: the name that person gave.
        when: ISO date and time in UTC.
    """

    row: str
    before: str
    after: str
    who: str
    when: str


@dataclass(frozen=True)
class Cohort:
    """A table of patients. Never changed in place.

    Attributes:
        name: for people.
        table: (n rows, one column a variable), index 0..n-1, cell types by ``Variable.kind``.
        variables: one for each column, in the same order.
        outcome: what is to be predicted, once chosen.
        notes: what was done while reading, in sentences ("3 rows without outcome").
        scans: the pixels that cells of kind scan name.
        corrections: of its labels, oldest first.
        reading: what the reader decided.
        profiles: the numbers that cells of kind profile name.
        genotypes: the calls that cells of kind variants name.
    """

    name: str
    table: pd.DataFrame
    variables: tuple[Variable, ...]
    outcome: Outcome | None = None
    notes: tuple[str, ...] = ()
    scans: Scans | None = None
    corrections: tuple[Correction, ...] = ()
    reading: Reading = ()
    profiles: Profiles | None = None
    genotypes: Genotypes | None = None

    def __len__(self) -> int:
        return len(self.table)

    @property
    def inputs(self) -> tuple[Variable, ...]:
        """The variables a model may read."""
        return tuple(v for v in self.variables if v.role is Role.INPUT)

    @property
    def patient(self) -> str | None:
        """Name of the column that says whose row it is, if there is one."""
        return next((v.name for v in self.variables if v.role is Role.PATIENT), None)

    @property
    def scan(self) -> str | None:
        """Name of the column of scans that a model may read, if there is one."""
        return next((v.name for v in self.inputs if v.kind in REFERENCES), None)

    @property
    def payloads(self) -> tuple[Scans | Profiles | Genotypes, ...]:
        """What cells only name: none in a table of numbers and categories."""
        every = (self.scans, self.profiles, self.genotypes)
        return tuple(one for one in every if one is not None)

    def variable(self, name: str) -> Variable:
        """The variable of that name; raises ``UserError`` where there is none."""
        for variable in self.variables:
            if variable.name == name:
                return variable
        raise UserError(
            f"There is no column '{name}'",
            self.name,
            f"Its columns are: {', '.join(v.name for v in self.variables[:20])}.",
        )

    def patients(self) -> NDArray[np.str_]:
        """(n,) patient ids as text; the row number, from 1, where there is no id column."""
        rows = pd.Series(np.arange(1, len(self.table) + 1)).astype(str)
        if self.patient is None:
            return np.asarray(rows, dtype=np.str_)
        ids = self.table[self.patient].astype("str")
        return np.asarray(ids.where(ids.notna(), "row " + rows), dtype=np.str_)

    def numbered(self) -> Cohort:
        """With the numbers of its rows as ids, where it has none: they stay when rows are left
        out."""
        if self.patient is not None:
            return self
        name = "row" if "row" not in self.table.columns else "row of the file"
        table = self.table.assign(**{name: pd.array(self.patients(), dtype="str")})
        variable = Variable(name, Kind.IDENTIFIER, Role.PATIENT)
        return replace(self, table=table, variables=(*self.variables, variable))

    def chosen_outcome(self) -> Outcome:
        """The outcome; raises ``UserError`` where none is chosen."""
        if self.outcome is None:
            raise UserError(
                "No outcome is chosen", self.name, "Choose the column that is to be predicted."
            )
        return self.outcome

    def target(self) -> Target:
        """What was observed of n rows; raises ``UserError`` where no outcome is chosen."""
        return self.chosen_outcome().target(self.table)

    def observed(self) -> NDArray[np.int64]:
        """(n,) the codes of ``target``; -1 unknown."""
        return self.target().observed

    def select(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Cohort:
        """The same variables for some of the rows (positions or a mask)."""
        return replace(self, table=self.table.iloc[rows].reset_index(drop=True))

    def labelled(self) -> Cohort:
        """The rows whose outcome is known."""
        return self.select(self.observed() >= 0)

    def digest(self) -> str:
        """sha256 of everything that matters to a model: cells, variables, outcome."""
        sums = pd.util.hash_pandas_object(self.table, index=False).to_numpy()
        digest = hashlib.sha256(sums.tobytes())
        digest.update(to_json(tuple[Variable, ...], self.variables).encode())
        digest.update(to_json(Outcome | None, self.outcome).encode())
        for payload in self.payloads:
            for part in payload.digested():
                digest.update(part)
        return digest.hexdigest()
