"""What each place of a scan adds to its prediction.

The evidence network ends in a map whose mean is the logit, so its explanation is exact. Of
other networks the places of a grid are hidden by a blurred scan and shown again in antithetic
orders, see ``shapley``. Both add up to the prediction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray
from scipy import ndimage

from pmed_core.cohort import Cohort
from pmed_core.evidence import Evidence, Region
from pmed_core.explanation import Explanation, Method
from pmed_core.explanations.shapley import Masked, shapley_values
from pmed_core.modalities.scan.ensemble import INTERVAL, ScanEnsemble
from pmed_core.modalities.scan.lesions import outlined_series
from pmed_core.modalities.scan.network import base, build, evidence_model
from pmed_core.modalities.scan.unet import build_unet
from pmed_core.networks.weights import assign, shuffled
from pmed_core.scans import Frame, square

GRID, ORDERS, TOLERANCE = 7, 8, 0.02
"""Places a side that are hidden, pairs of orders in which they are at most, and the standard error
that is small enough, as a share of what all places add."""
WORTH_A_REGION = 0.25
"""Of the strongest place: weaker ones belong to no region."""
REGIONS_AT_MOST = 8
SEEN = 0.005
"""Log-odds; a region of less would read as 0.00."""


@dataclass(frozen=True)
class _Map:
    """(rows, columns) of the square that the network reads, their error, and where they start."""

    places: NDArray[np.float64]
    error: NDArray[np.float64]
    base: float
    method: Method


def explain_scan(ensemble: ScanEnsemble, one: Cohort, label: str = "") -> Evidence:
    """Why the first scan of the cohort is predicted as it is; raises ``UserError``.

    ``label``: what the evidence is for; without one the event, or the likeliest of several classes.
    """
    name = str(one.table[one.scan].iloc[0])
    prepared = ensemble.prepared(one)[:1]
    risks = ensemble.risks(prepared)[:, 0]
    label = label or ensemble.labels[int(risks[0].argmax())]
    at = ensemble.classes.index(label)
    found = _map(ensemble, prepared, at)
    learnt_nothing = _shuffled(ensemble)
    shuffled = _map(learnt_nothing, learnt_nothing.prepared(one)[:1], at)
    alike = _correlation(found.places, shuffled.places)
    frame = one.scans.frames[name] if one.scans else Frame(0, (1, 1), "uint8")
    said = Evidence(
        name, ensemble.labels, tuple(risks[0]), tuple(risks[1]), tuple(risks[2]), INTERVAL,
        _explanation(found, name, label, float(_odds(ensemble, prepared, at)[0])),
        alike, _regions(found.places, frame), outside=bool(ensemble.unlike(prepared)[0]),
        guarded=ensemble.guarded,
    )  # fmt: skip
    if ensemble.segmenter is None or one.scans is None:
        return said
    outline, lesions, slices = outlined_series(ensemble.segmenter, one.scans, name)
    return replace(said, outline=outline, lesions=lesions, outlined_slices=slices)


def _explanation(found: _Map, scan: str, label: str, prediction: float) -> Explanation:
    rows, columns = layout = found.places.shape
    names = tuple(f"row {1 + r}, column {1 + c}" for r in range(rows) for c in range(columns))
    return Explanation(
        patients=(scan,), label=label, variables=names, values=(("",) * len(names),),
        numbers=np.full((1, len(names)), np.nan), shap=found.places.reshape(1, -1),
        standard_error=found.error.reshape(1, -1), base=np.array([found.base]),
        prediction=np.array([prediction]), method=found.method, layout=layout,
    )  # fmt: skip


def _map(ensemble: ScanEnsemble, prepared: NDArray[np.float32], at: int) -> _Map:
    maps = _evidence_models(ensemble)
    return _exact(ensemble, maps, prepared, at) if maps else _hidden(ensemble, prepared, at)


@lru_cache(maxsize=4)
def _evidence_models(ensemble: ScanEnsemble) -> tuple[keras.Model, ...]:
    """One for each network; none where the networks have no map."""
    maps = [evidence_model(network) for network in ensemble.networks]
    return tuple(one for one in maps if one is not None)


def _exact(
    ensemble: ScanEnsemble, maps: tuple[keras.Model, ...], prepared: NDArray[np.float32], at: int
) -> _Map:
    each = [
        np.asarray(ops.convert_to_numpy(one.predict_on_batch(view)))[0]
        for view in ensemble.views(prepared)
        for one in maps
    ]
    start = np.mean([base(network) for network in ensemble.networks], axis=0)
    slope, intercepts = ensemble.calibration.slope, ensemble.calibration.intercepts
    before = slope * _for_label(start, at)
    if intercepts:
        before = before + _against_others(np.array(intercepts), at)
    places = slope * _for_label(np.mean(each, axis=0), at) / each[0][..., 0].size
    return _Map(places, np.zeros_like(places), float(before), "exact")


def _for_label(logits: NDArray[Any], at: int) -> NDArray[np.float64]:
    """(..., outputs) of a network, one where the answer is yes or no -> (...) log-odds."""
    wide = logits.astype(np.float64)
    if wide.shape[-1] == 1:
        wide = np.concatenate([np.zeros_like(wide), wide], axis=-1)
    return _against_others(wide, at)


def _odds(ensemble: ScanEnsemble, prepared: NDArray[np.float32], at: int) -> NDArray[np.float64]:
    """(n, s, s, c) -> (n,) log-odds of the label."""
    return _against_others(ensemble.calibrated(ensemble.mean_log_probabilities(prepared)), at)


def _against_others(logits: NDArray[np.float64], at: int) -> NDArray[np.float64]:
    """(..., k) -> (...) log-odds of a class, of several against their geometric mean."""
    others = logits[..., 1 - at] if logits.shape[-1] == 2 else logits.mean(axis=-1)
    return np.asarray(logits[..., at] - others)


def _hidden(ensemble: ScanEnsemble, prepared: NDArray[np.float32], at: int) -> _Map:
    scan = prepared[0]
    owner = place_of_pixels(scan.shape[0], (GRID, GRID))
    game = Masked(
        lambda rows: _odds(ensemble, rows, at), scan, blurred(scan)[None], owner, GRID * GRID
    )
    found = shapley_values(game, TOLERANCE, ORDERS)
    shape = (GRID, GRID)
    shap, error = found.shap.reshape(shape), found.standard_error.reshape(shape)
    return _Map(shap, error, found.base, "superpixels")


def blurred(scan: NDArray[np.float32]) -> NDArray[np.float32]:
    """(s, s, c) without anything that could be recognised."""
    width = scan.shape[0] / 8
    return np.asarray(ndimage.gaussian_filter(scan, (width, width, 0)))


def place_of_pixels(side: int, grid: tuple[int, ...]) -> NDArray[np.int64]:
    """(side, side, 1) the place of a grid that each pixel belongs to, row by row."""
    down, across = (np.arange(side) * places // side for places in grid)
    return down[:, None, None] * grid[1] + across[None, :, None]


@lru_cache(maxsize=2)
def _shuffled(ensemble: ScanEnsemble) -> ScanEnsemble:
    """The same network, and that which outlines, with the weights of each layer in another
    order."""
    network, generator = build(ensemble.architecture), np.random.default_rng(0)
    assign(network, shuffled(ensemble.networks[0], generator))
    segmenter = ensemble.segmenter
    if segmenter is not None:
        outlining = build_unet(segmenter.architecture)
        assign(outlining, shuffled(segmenter.network, generator))
        segmenter = replace(segmenter, network=outlining)
    return replace(ensemble, networks=(network,), segmenter=segmenter)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Of the values, as the colours show them: ranks would count flat places as much as those
    that speak. 0 where a map is the same everywhere."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def _regions(places: NDArray[np.float64], frame: Frame) -> tuple[Region, ...]:
    """Neighbouring places of the same sign that are worth mentioning, largest first."""
    strongest = np.abs(places).max()
    found = []
    for sign in (1, -1):
        worth = sign * places > WORTH_A_REGION * strongest
        parts, count = ndimage.label(worth)
        found += [_region(parts == part + 1, places, frame) for part in range(count)]
    found = [one for one in found if one.pixels and abs(one.contribution) >= SEEN]
    return tuple(sorted(found, key=lambda r: -abs(r.contribution))[:REGIONS_AT_MOST])


def _region(part: NDArray[np.bool_], places: NDArray[np.float64], frame: Frame) -> Region:
    height, width = frame.shape[:2]
    longest, above, before = square(frame.shape)
    rows = np.arange(longest) * part.shape[0] // longest
    columns = np.arange(longest) * part.shape[1] // longest
    inside = part[rows][:, columns][above : above + height, before : before + width]
    where = np.nonzero(inside)
    pixels = int(inside.sum())
    if not pixels:
        return Region(0, 0, 0, 0, 0, 0.0)
    size = frame.spacing[0] * frame.spacing[1] * pixels if frame.spacing else None
    return Region(
        int(where[0].min()), int(where[1].min()), int(where[0].max()) + 1, int(where[1].max()) + 1,
        pixels, float(places[part].sum()), size,
    )  # fmt: skip
