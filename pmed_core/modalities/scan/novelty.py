"""What a model of scans has seen: how the scans of training lie together.

Learnt without keeping a scan. Each is made small and grey and loses its own brightness and
contrast, so that another machine's lighting is not strange. A scan is unlike those of training
where it lies further from their mean along their principal axes (Hotelling's T), or further from
what these axes can draw (the residual of Jackson & Mudholkar, Technometrics 1979), than nearly all
of them did when the axes were learnt without their patients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from keras import ops
from numpy.typing import NDArray
from scipy import stats
from sklearn.model_selection import GroupKFold

from pmed_core.arrays import Floats
from pmed_core.modalities.scan.augmentation import Augment
from pmed_core.modalities.scan.layers import FLAT
from pmed_core.modalities.scan.preparation import small_and_grey

SIDE, AXES, PARTS = 14, 20, 5
"""Pixels a side; axes; parts of the patients, each left out once: fewer patients tell nothing."""
PATIENTS_AN_AXIS = 5
"""Fewer do not tell how far scans spread along it."""
NEARLY_ALL = 0.999
"""The share of new scans of the same kind that is familiar."""


@dataclass(frozen=True, eq=False)
class ScanNovelty:
    """p small grey pixels, a principal axes.

    Attributes:
        centre: (p,) mean of the training scans.
        axes: (p, a) of length 1.
        deviation: (a,) of training scans along each.
        limits: (2,) largest familiar distance along the axes, in deviations, and from them.
        contrast: smallest familiar deviation of a scan's grey values, of the range 0..1.
        tells: whether most of the training scans are strange once their pixels are shuffled; where
            they are not, nothing would be.
    """

    centre: Floats
    axes: Floats
    deviation: Floats
    limits: Floats
    contrast: float
    tells: bool = True

    def unlike(self, scans: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(n, s, s, c) -> (n,) the scan is unlike those of training, or of one grey."""
        flat = scans.std(axis=(1, 2, 3)) < self.contrast
        return np.asarray(flat | self._far(_columns(scans)))

    def _far(self, columns: NDArray[np.float64]) -> NDArray[np.bool_]:
        distances = _distances(columns, self.centre, self.axes, self.deviation)
        return np.asarray((distances > self.limits).any(axis=1))

    def tested(self, columns: NDArray[np.float64]) -> ScanNovelty:
        """Whether it tells, tried on the training scans (n, p), each in an order of its own."""
        shuffled = np.random.default_rng(0).permuted(columns, axis=1)
        return replace(self, tells=bool(self._far(shuffled).mean() > 0.5))


def learn_novelty(
    scans: NDArray[np.float32], patients: NDArray[np.str_], augmented: bool = False
) -> ScanNovelty:
    """Of the training scans (n, s, s, c) of n patients, who may be the same.

    ``augmented``: the networks learnt from scans that were moved at random; these are learnt from
    here too, or a patient who lies a little aside would be strange.
    """
    columns, known = _columns(_moved(scans) if augmented else scans), len(np.unique(patients))
    axes = max(1, min(AXES, known // PATIENTS_AN_AXIS))
    principal = _principal(columns, axes)
    limits = np.full(2, np.inf)
    if known >= PARTS:
        left_out = np.zeros((len(columns), 2))
        parts = GroupKFold(PARTS, shuffle=True, random_state=0)
        for others, part in parts.split(columns, groups=patients):
            left_out[part] = _distances(columns[part], *_principal(columns[others], axes))
        # Axes of noise fit the scans they were learnt from: those lie further along them.
        own = _distances(columns, *principal)
        limits = np.maximum(_limits(left_out, known), _limits(own, known))
    contrast = min(FLAT, float(scans.std(axis=(1, 2, 3)).min()) / 4)
    return ScanNovelty(*principal, limits, contrast).tested(columns)


def _limits(distances: NDArray[np.float64], patients: int) -> Floats:
    """(n, 2) -> (2,) the end of the prediction interval of one more, were their logarithms normal:
    the fewer patients, the wider."""
    logs = np.log(np.maximum(distances, 1e-9))
    reach = stats.t.ppf(NEARLY_ALL, patients - 1) * np.sqrt(1 + 1 / patients)
    return np.asarray(np.exp(logs.mean(axis=0) + reach * logs.std(axis=0)))


def _moved(scans: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, s, s, c) -> (n, s', s', 1), small enough to be moved all at once."""
    small = small_and_grey(scans, 2 * SIDE)
    side = round(small.shape[1] ** 0.5)
    return np.asarray(ops.convert_to_numpy(Augment().moved(small.reshape(-1, side, side, 1))))


def _columns(scans: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n, s, s, c) -> (n, p) of mean 0 and, where there is more than noise, deviation 1."""
    small = small_and_grey(scans, SIDE).astype(np.float64)
    away = small - small.mean(axis=1, keepdims=True)
    return np.asarray(away / np.maximum(small.std(axis=1, keepdims=True), FLAT))


def _principal(columns: NDArray[np.float64], axes: int) -> tuple[Floats, Floats, Floats]:
    """(n, p) -> their mean, their first axes, and how far they spread along each."""
    centre = columns.mean(axis=0)
    away = columns - centre
    variances, vectors = np.linalg.eigh(away.T @ away / max(1, len(columns) - 1))
    deviation = np.sqrt(np.maximum(variances[-axes:], 1e-12))
    return centre, vectors[:, -axes:], deviation


def _distances(
    columns: NDArray[np.float64], centre: Floats, axes: Floats, deviation: Floats
) -> NDArray[np.float64]:
    """(n, p) -> (n, 2) along the axes, in deviations, and from them."""
    away = columns - centre
    along = away @ axes
    left = away - along @ axes.T
    return np.stack([np.linalg.norm(along / deviation, axis=1), np.linalg.norm(left, axis=1)], 1)
