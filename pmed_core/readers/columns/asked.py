"""What is known about a column before its cells are looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.errors import UserError
from pmed_core.reading import Choices, Decision
from pmed_core.units import same_unit
from pmed_core.variable import PLAIN, Variable, Written

NOTHING: Choices = MappingProxyType({})
EXAMPLES, LONGEST = 2, 80


class Shown(Protocol):
    """What other columns of a table show: see ``evidence.Evidence``."""

    @property
    def decimal(self) -> str: ...

    @property
    def dates(self) -> str: ...

    @property
    def semicolons(self) -> bool: ...


@dataclass(frozen=True)
class Nobody:
    """There is no other column."""

    decimal: str = ""
    dates: str = ""
    semicolons: bool = False


@dataclass(frozen=True)
class Asked:
    """One column of a file.

    Attributes:
        column: its name in the file.
        where: the file, for sentences.
        choices: of the user, for all columns.
        earlier: the variable of a model or an earlier reading; None for a new column.
        table: what other columns show.
        unit: that the file names for it beside its cells; empty where it names none.
    """

    column: str
    where: str = "table"
    choices: Choices = field(default_factory=lambda: NOTHING)
    earlier: Variable | None = None
    table: Shown = field(default_factory=lambda: Nobody())
    unit: str = ""

    @property
    def bare_unit(self) -> str:
        """The unit of cells that name none: as the user, else as the file says; what the file says
        as it did before means what it did before."""
        again = self.unit and same_unit(self.unit) == same_unit(self.written.unit)
        return self.choice("unit") or (self.wanted_unit if again else self.unit)

    @property
    def wanted_unit(self) -> str:
        """The unit that cells are converted to: that of the earlier reading, else as chosen."""
        return (self.earlier.unit if self.earlier else "") or self.choice("unit")

    @property
    def written(self) -> Written:
        """How the column was written before."""
        return self.earlier.written if self.earlier else PLAIN

    def choice(self, rule: str, options: Sequence[str] = ()) -> str:
        """What the user decided for this column; raises ``UserError`` for an unknown option."""
        key = f"{rule}:{self.column}"
        chosen = self.choices.get(key, "")
        if chosen and options and chosen not in options:
            raise UserError(
                f"'{chosen}' cannot be chosen for {key}", self.where,
                f"It can be: {', '.join(options)}.",
            )  # fmt: skip
        return chosen

    def decision(
        self, rule: str, value: str, sentence: str, cells: Cells, which: NDArray[np.bool_]
    ) -> Decision:
        """About the distinct cells ``which``, without examples of what they became."""
        shown = cells.distinct[which][:EXAMPLES]
        return Decision(
            rule, value, sentence, self.column, int(cells.counts[which].sum()),
            tuple((_short(cell), "") for cell in shown),
        )  # fmt: skip


@dataclass(frozen=True)
class Cells:
    """The cells of a column by their distinct text.

    Attributes:
        distinct: (d,) stripped text, in order of appearance; an empty cell is "".
        codes: (n,) which of them each row has.
        counts: (d,) rows that have it.
    """

    distinct: NDArray[np.object_]
    codes: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, column: pd.Series[str]) -> Cells:
        """A gap is an empty cell."""
        codes, found = pd.factorize(column, use_na_sentinel=False)
        texts = ["" if pd.isna(cell) else str(cell).strip() for cell in found]
        merged, distinct = pd.factorize(np.array(texts, dtype=object))
        codes = merged[codes].astype(np.int64)
        return cls(distinct, codes, np.bincount(codes, minlength=len(distinct)))

    def rows(self, which: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Positions of the rows that have one of these distinct cells."""
        return np.flatnonzero(which[self.codes])

    def named(self, which: NDArray[np.bool_], limit: int = 3) -> str:
        """Such cells in words: "'n/k' in row 7, ..."; rows count as a spreadsheet counts them."""
        rows = self.rows(which)
        shown = [
            f"'{_short(self.distinct[self.codes[row]])}' in row {row + 2}" for row in rows[:limit]
        ]
        return ", ".join(shown) + " …" * (len(rows) > limit)


def _short(cell: object) -> str:
    text = str(cell)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def set_aside(cells: Cells, reasons: Mapping[int, str], asked: Asked, kind: str) -> Decision:
    """The same with why: position of a distinct cell -> what is wrong with it."""
    wrong: NDArray[np.bool_] = np.isin(np.arange(len(cells.distinct)), list(reasons))
    each = Counter[str]()
    for position, reason in reasons.items():
        each[reason] += int(cells.counts[position])
    told = spoiled(cells, wrong, asked, kind)
    why = "; ".join(f"{reason} ({rows:,})" for reason, rows in each.most_common())
    return replace(told, sentence=f"{told.sentence} Why: it {why}.", options=())


def spoiled(cells: Cells, wrong: NDArray[np.bool_], asked: Asked, kind: str) -> Decision:
    """What is said of the few cells of a column that are no number, or no date."""
    rows = int(cells.counts[wrong].sum())
    one = rows == 1
    return asked.decision(
        "spoiled", "missing",
        f"{rows:,} cell{'' if one else 's'} of '{asked.column}' {'is' if one else 'are'} no {kind} "
        f"({cells.named(wrong)}) and {'was' if one else 'were'} read as missing.", cells, wrong,
    )  # fmt: skip
