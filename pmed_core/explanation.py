"""What moved the model for each patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pmed_core.arrays import Floats
from pmed_core.quantity import RISK, Quantity

Method = Literal["permutations", "enumeration", "expected gradients", "exact", "superpixels"]


@dataclass(frozen=True)
class Pair:
    """Two variables, by position, and the root mean square of their interaction over the patients
    with its 95 % interval."""

    first: int
    second: int
    strength: float
    low: float
    high: float


@dataclass(frozen=True)
class Explanation:
    """SHAP values of n patients and p players, on the scale of ``quantity``.

    A player is a variable of a table, or a place of a scan; see ``layout``.

    ``shap.sum(axis=1) + base == prediction``. What moved the model, not what causes the disease.

    Attributes:
        patients: n patient ids.
        label: what is explained (the event, or one of the classes).
        variables: p names of the players.
        values: n tuples of the p cells as a person reads them ("81 years", "not measured").
        numbers: (n, p) the cells as numbers for colouring (categories by position; NaN missing).
        shap: (n, p) scores, on the scale of ``quantity``.
        standard_error: (n, p) of each SHAP value; zeros where exact.
        base: (n,) expected score over the background.
        prediction: (n,) score of the patient's own prediction.
        method: how the values were found: "exact" where a network, or trees, add them up,
            "superpixels" where places were hidden and shown in turn.
        pairs: those that interact most, strongest first, where it was looked for.
        notes: what whoever reads the numbers must know of them.
        quantity: what is explained: its scale, its unit and how it is said.
        layout: (rows, columns) of the grid whose places the players are, row by row; empty where
            they are variables.
        of: whose prediction each is: a patient, a molecule.
    """

    patients: tuple[str, ...]
    label: str
    variables: tuple[str, ...]
    values: tuple[tuple[str, ...], ...]
    numbers: Floats
    shap: Floats
    standard_error: Floats
    base: Floats
    prediction: Floats
    method: Method = "permutations"
    pairs: tuple[Pair, ...] = ()
    notes: tuple[str, ...] = ()
    quantity: Quantity = RISK
    layout: tuple[int, ...] = ()
    of: str = "patient"

    @property
    def gap(self) -> Floats:
        """(n,) how far base and values are from adding up to the prediction."""
        return np.asarray(np.abs(self.base + self.shap.sum(axis=1) - self.prediction))

    def partner(self, variable: int) -> int | None:
        """The variable that this one interacts with most; None where none is known."""
        for pair in self.pairs:
            if variable in (pair.first, pair.second):
                return pair.second if variable == pair.first else pair.first
        return None

    def to_shap(self) -> Any:
        """The same as ``shap.Explanation``, for shap's own plots in a notebook."""
        # Imported here: the front must never load shap, and notebooks that do not ask need not.
        import shap

        return shap.Explanation(
            self.shap,
            base_values=self.base,
            data=self.numbers,
            display_data=self.values,
            feature_names=list(self.variables),
        )
