"""What a user may do where a simpler model is better, or a formula as good."""

from __future__ import annotations

from pmed_core.accounts import Right
from pmed_core.baselines import inside
from pmed_core.bounds import fitting
from pmed_core.modalities.options import Network, kept_as
from pmed_core.service import cohorts, training
from pmed_core.service.access import may
from pmed_core.service.entries import ModelEntry


@may(Right.LOOK)
def simpler(entry: ModelEntry) -> type[Network] | None:
    """The network to be trained in place of a model: the best baseline that is better, else a
    formula that is as good; None where there is neither, or its cohort is not here."""
    if not cohorts.here(entry.cohort):
        return None
    beside = entry.evaluation.baselines
    wanted = [one for one in beside if one.better]
    wanted += [one for one in beside if one.simple and one.as_good]
    networks = entry.modality.networks
    found = (kept_as(networks, entry.outcome, one.name) for one in wanted)
    return next((one for one in found if one and one.title != entry.network_title), None)


@may(Right.BUILD)
def train_simpler(entry: ModelEntry, network: type[Network]) -> str:
    """Queue the training of that model on the same cohort, split alike -> job id."""
    chosen: dict[str, object] = {"network": {"name": network.model_fields["name"].default}}
    chosen |= {
        name: entry.card[name] for name in ("folds", "split", "seed") if entry.card.get(name)
    }
    name = fitting(f"{entry.name}, {inside(network.title)}")
    return training.train(entry.cohort, name, entry.modality.Options.model_validate(chosen))
