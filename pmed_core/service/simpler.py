"""What a user may do where a formula that a person can read is as good as a model."""

from __future__ import annotations

from pmed_core.bounds import fitting
from pmed_core.modalities.options import Network
from pmed_core.service import cohorts, training
from pmed_core.service.entries import ModelEntry


def simpler(entry: ModelEntry) -> type[Network] | None:
    """The formula to be trained in place of a model that is no better than one; None where it is
    better, is one itself, or its cohort is not here."""
    found = next((one for one in entry.modality.networks if one.simple), None)
    if found is None or found.title == entry.network_title or not cohorts.here(entry.cohort):
        return None
    beside = (one for one in entry.evaluation.baselines if one.simple)
    return found if any(one.better or one.as_good for one in beside) else None


def train_simpler(entry: ModelEntry, network: type[Network]) -> str:
    """Queue the training of that formula on the same cohort and folds -> job id."""
    chosen: dict[str, object] = {"network": {"name": network.model_fields["name"].default}}
    if folds := entry.card.get("folds"):
        chosen["folds"] = folds
    name = fitting(f"{entry.name}, {network.title.lower()}")
    return training.train(entry.cohort, name, entry.modality.Options.model_validate(chosen))
