"""Going on from a model that is kept, with new scans."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.modalities.scan.ensemble import ScanEnsemble
from pmed_core.modalities.scan.labels import labelled_alike
from pmed_core.modalities.scan.network import build
from pmed_core.networks.weights import assign, kept
from pmed_core.training.calibration import UNCHANGED

if TYPE_CHECKING:
    from pmed_core.predictor import Predictor

SLOWER = 0.25
"""Share of the usual learning rate: what was learnt is refined, not replaced."""


def continued(start: Predictor[ScanEnsemble], cohort: Cohort) -> ScanEnsemble:
    """Copies of the model's networks, which read and outline as it does, not calibrated.

    Raises ``UserError`` where the scans are labelled otherwise.
    """
    if start.ensemble.architecture.network == "svm":
        raise UserError(
            f"The model '{start.name}' was learnt at once and has no epochs to go on with",
            cohort.name, "Train it anew on all scans together.",
        )  # fmt: skip
    if cohort.outcome != start.outcome:
        theirs = ", ".join(start.ensemble.classes)
        raise UserError(
            f"The model '{start.name}' tells apart {theirs}, and these scans have another outcome",
            cohort.name, "Choose the same outcome for them, or train anew.",
        )  # fmt: skip
    labelled_alike(cohort, start.outcome, start.card.get("labels", ()))
    networks = tuple(build(start.ensemble.architecture) for _ in start.ensemble.networks)
    for fresh, network in zip(networks, start.ensemble.networks, strict=True):
        assign(fresh, kept(network))
    return replace(start.ensemble, networks=networks, calibration=UNCHANGED)
