"""What moved the model for each patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pmed_core.arrays import Floats


@dataclass(frozen=True)
class Explanation:
    """SHAP values of n patients and p variables, in log-odds of the calibrated probability.

    ``shap.sum(axis=1) + base == prediction``. What moved the model, not what causes the disease.

    Attributes:
        patients: n patient ids.
        label: what is explained (the event, or one of the classes).
        variables: p names.
        values: n tuples of the p cells as a person reads them ("81 years", "not measured").
        numbers: (n, p) the cells as numbers for colouring (categories by position; NaN missing).
        shap: (n, p) log-odds.
        standard_error: (n, p) of each SHAP value; zeros where exact.
        base: (n,) expected log-odds over the background.
        prediction: (n,) log-odds of the patient's own prediction.
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
