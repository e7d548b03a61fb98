"""Going on from a model that is kept, with new scans."""

from __future__ import annotations

from dataclasses import replace

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.networks.scan import build
from pmed_core.networks.weights import assign, kept
from pmed_core.scan_predictor import ScanPredictor, labelled_alike
from pmed_core.training.calibration import UNCHANGED
from pmed_core.training.scan_bag import ScanBag

SLOWER = 0.25
"""Share of the usual learning rate: what was learnt is refined, not replaced."""


def continued(start: ScanPredictor, cohort: Cohort) -> ScanBag:
    """Copies of the model's networks, which read and outline as it does, not calibrated.

    Raises ``UserError`` where the scans are labelled otherwise.
    """
    if cohort.outcome != start.outcome:
        theirs = ", ".join(start.bag.classes)
        raise UserError(
            f"The model '{start.name}' tells apart {theirs}, and these scans have another outcome",
            cohort.name, "Choose the same outcome for them, or train anew.",
        )  # fmt: skip
    labelled_alike(cohort, start.outcome, start.card.get("labels", ()))
    networks = tuple(build(start.bag.architecture) for _ in start.bag.networks)
    for fresh, network in zip(networks, start.bag.networks, strict=True):
        assign(fresh, kept(network))
    return replace(start.bag, networks=networks, calibration=UNCHANGED)
