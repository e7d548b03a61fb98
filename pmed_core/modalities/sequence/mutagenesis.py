"""What exchanging single letters of a sequence does to its prediction (in-silico mutagenesis)."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pmed_core.arrays import Floats
from pmed_core.errors import UserError
from pmed_core.quantity import RISK, Quantity

BASES = "ACGT"
VARIANT = re.compile(
    r"(?:position|pos\.?|[gn]\.)?\s*(?:([ACGTU])\s*(\d[\d,]*)\s*([ACGTU])"
    r"|(\d[\d,]*)\s*:?\s*([ACGTU])\s*(?:>|\u2192|->|to)\s*([ACGTU]))",
    re.IGNORECASE,
)
OF_A_TRANSCRIPT = re.compile(r"c\.\s*[\d*-]", re.IGNORECASE)
"""A variant by the numbers of HGVS that begin with the first codon, wherever the sequence does."""
HOW = "Write it as '120 A>G' or 'A120G'; positions count from 1."


@dataclass(frozen=True)
class Variant:
    """One letter exchanged.

    Attributes:
        position: in the whole sequence, from 1.
        value, changed: the prediction before and after.
        low, high: of the difference.
    """

    position: int
    reference: str
    alternative: str
    value: float
    changed: float
    low: float
    high: float


@dataclass(frozen=True)
class Mutagenesis:
    """All single exchanges of l letters that a model reads.

    Attributes:
        letters: those l.
        first: number of the first of them in the whole sequence, from 1.
        whole: letters of the whole sequence.
        label: the quantity.
        value: the prediction.
        change: (l, 4) what each base does to the score, in place of the letter that is there;
            0 for the letter itself.
        changed: (l, 4) the prediction then.
        low, high: (l, 4) of the difference of predictions, over the models.
        models: how many said so: with five or more low and high hold 90 % of them, else all.
        quantity: of ``value``.
    """

    letters: str
    first: int
    whole: int
    label: str
    value: float
    change: Floats
    changed: Floats
    low: Floats
    high: Floats
    models: int
    quantity: Quantity = RISK

    @property
    def importance(self) -> NDArray[np.float64]:
        """(l,) what the letter that is there adds to the score, against the mean of all four."""
        return np.asarray(-self.change.mean(axis=1))

    @property
    def interval(self) -> str:
        """What low and high are, in words."""
        if self.models == 1:
            return "one model alone said so: there is no interval"
        share = "90 %" if self.models >= 5 else "all"
        return f"{share} of the {self.models} models that may speak of it"

    def variant(self, text: str) -> Variant:
        """The effect of a typed exchange; raises ``UserError``."""
        if OF_A_TRANSCRIPT.match(text.strip()):
            raise UserError(
                f"'{text.strip()[:40]}' counts from the first codon of a transcript, and where "
                "that lies in this sequence is not known", "Variant", HOW,
            )  # fmt: skip
        found = VARIANT.fullmatch(text.strip())
        if not found:
            raise UserError(f"'{text.strip()[:40]}' is no exchange of one letter", "Variant", HOW)
        position = int((found[2] or found[4]).replace(",", ""))
        reference, alternative = (
            one.upper().replace("U", "T") for one in (found[1] or found[5], found[3] or found[6])
        )
        place = self._place(position, reference)
        column = BASES.index(alternative)
        return Variant(
            position, reference, alternative, self.value, float(self.changed[place, column]),
            float(self.low[place, column]), float(self.high[place, column]),
        )  # fmt: skip

    def _place(self, position: int, reference: str) -> int:
        """Raises ``UserError`` where nothing is read there, or another letter stands there."""
        if not 1 <= position <= self.whole:
            raise UserError(
                f"There is no position {position:,}: the sequence has {self.whole:,} letters",
                "Variant", HOW,
            )  # fmt: skip
        place = position - self.first
        if not 0 <= place < len(self.letters):
            last = self.first + len(self.letters) - 1
            raise UserError(
                f"The model does not read position {position:,}: it reads {self.first:,} to "
                f"{last:,}", "Variant", "Choose a position in between.",
            )  # fmt: skip
        if self.letters[place] != reference:
            raise UserError(
                f"At position {position:,} stands {self.letters[place]}, not {reference}",
                "Variant", "Check the position, and that the sequence is on the same strand.",
            )  # fmt: skip
        return place
