"""The baseline of scans as the model itself: principal components of small grey scans, and a
support vector machine on them, as layers of a network that keeps no scan (``tabular.machine``)."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from pmed_core.checkpoint import digest, done
from pmed_core.errors import Cancelled
from pmed_core.modalities.scan.baseline import ROWS_AT_MOST
from pmed_core.modalities.scan.ensemble import Data, ScanEnsemble
from pmed_core.modalities.scan.network import COMPONENTS, small_grey
from pmed_core.modalities.tabular.machine import DRAWN, Weights, machine
from pmed_core.networks.calls import batched
from pmed_core.outcomes.kinds import learning
from pmed_core.progress import Progress


def taught(ensemble: ScanEnsemble, data: Data, seed: int, progress: Progress) -> ScanEnsemble:
    """Fitted on training scans, each network with waves of its own. Raises ``Cancelled`` where
    ``progress`` says so."""
    outputs = learning(ensemble.outcome).outputs(ensemble.outcome)
    of = digest(*vars(data).values(), ensemble.architecture, seed)
    if len(data.labels) > ROWS_AT_MOST:
        progress.note(DRAWN.format(rows=ROWS_AT_MOST))
    for member, network in enumerate(ensemble.networks):
        if progress.stop() == "cancel":
            raise Cancelled
        share = member / len(ensemble.networks)
        progress.stage(f"Fitting support vector machine {member + 1}", share)
        pixels = batched(small_grey(network), data.scans)
        kept = progress.checkpoint(f"support vector machine {member + 1}", of)
        found = done(kept, partial(_fitted, pixels, data.labels, outputs, seed + member))
        for name, array in found.items():
            layer, weight = name.split("/")
            getattr(network.get_layer(layer), weight).assign(array)
    return ensemble


def _fitted(
    pixels: NDArray[np.float32], labels: NDArray[np.int64], outputs: int, seed: int
) -> Weights:
    """The weights of one network, of (n, pixels) small grey scans."""
    rows = np.random.default_rng(seed).permutation(len(labels))[:ROWS_AT_MOST]
    pixels, labels = pixels[rows].astype(np.float64), labels[rows]
    centre, scale = pixels.mean(axis=0), pixels.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    found = PCA(min(COMPONENTS, *pixels.shape), random_state=0).fit((pixels - centre) / scale)
    axes = np.zeros((pixels.shape[1], COMPONENTS))
    axes[:, : len(found.components_)] = found.components_.T / scale[:, None]
    bias = -(centre @ axes)
    columns = (pixels @ axes + bias).astype(np.float32)
    own = machine(columns, labels, np.ones(len(labels)), outputs, seed=seed)
    components = {"components/kernel": axes, "components/bias": bias}
    return {name: each.astype(np.float32) for name, each in {**components, **own}.items()}
