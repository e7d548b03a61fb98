"""Expected outcomes under each option by a Gaussian process, as weights of features.

What is kept is a distribution over the weights of linear and of random Fourier features (Rahimi,
Recht: Random features for large-scale kernel machines, NeurIPS 2007), here at points of a Sobol
sequence: unlike the process itself it holds no patient, and is learnt from any number of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import qmc

from pmed_core.arrays import Floats, Integers
from pmed_core.modalities.treatment.likelihood import LEVEL, Likeness, likeness

Doubles = NDArray[np.float64]
Codes = NDArray[np.int64]
WAVES = 256
"""Frequencies for all options together."""
LOOKED_AT = 600
"""Patients from whom likeness is learnt, at most; weights are learnt from all."""
INPUTS = 60
"""Columns that are read, at most: those most correlated with the outcome."""
FURTHEST = 4.0
"""Standard deviations at which inputs are clipped, so that a typing error rules nobody."""
NODES, SHARES = np.polynomial.hermite_e.hermegauss(9)


@dataclass(frozen=True)
class Field:
    """One process over the outcome as it is, or over its inverse hyperbolic sine.

    Attributes:
        inverse: (p,) one over the length of each input.
        linear, smooth: (a, a) by which options mix functions.
        noise: (a,) variance of what inputs do not tell, in units of ``spread``.
        bend: outcomes much larger than this are read by their logarithm; 0 reads all as they are.
        middle, spread: of the outcome as it is read.
        weights, covariance: (d,) and (d, d) of the features.
    """

    inverse: Floats
    linear: Floats
    smooth: Floats
    noise: Floats
    bend: float
    middle: float
    spread: float
    weights: Floats
    covariance: Floats

    def read(self, y: Doubles) -> Doubles:
        """Outcomes in standard units."""
        return (_bent(y, self.bend) - self.middle) / self.spread

    def features(self, x: Doubles, options: Codes) -> Doubles:
        """(n, d), whose products are how alike outcomes are; (n, p) inputs in standard units."""
        scaled, many = x * self.inverse, len(self.noise)
        turned = scaled @ _frequencies(x.shape[1], WAVES // many).T
        waves = np.concatenate([np.cos(turned), np.sin(turned)], axis=1) / np.sqrt(WAVES // many)
        parts = [
            mixing[options, k, None] * functions
            for mixing, functions in ((self.linear, scaled), (self.smooth, waves))
            for k in range(many)
        ]
        return np.concatenate([*parts, np.eye(many)[options] * np.sqrt(LEVEL)], axis=1)

    def expected(self, said: Doubles, variance: Doubles) -> Doubles:
        """What is said in standard units, and its variance -> the outcome that is expected."""
        if not self.bend:
            return said * self.spread + self.middle
        nodes = said[..., None] + np.sqrt(variance)[..., None] * NODES
        values = np.sinh(np.clip(nodes * self.spread + self.middle, -20, 20)) * self.bend
        return np.asarray(values @ (SHARES / SHARES.sum()))

    def steepness(self, said: Doubles) -> Doubles:
        """By how much the outcome changes with what is said."""
        if not self.bend:
            return np.full(said.shape, self.spread)
        slope = np.cosh(np.clip(said * self.spread + self.middle, -20, 20))
        return np.asarray(slope * self.bend * self.spread)


@dataclass(frozen=True)
class LeftOut:
    """What a field says of its own patients when each is left out.

    Attributes:
        expected: (n, a) outcomes.
        likelihood: (n,) log density of what happened.
    """

    expected: Doubles
    likelihood: Doubles


@dataclass(frozen=True)
class Process:
    """Of one training part.

    Attributes:
        columns: (p,) positions of the inputs that are read.
        centre, scale: (p,) of these.
        fields: one over the outcome as it is, and perhaps a bent one.
        chosen: (a,) the field that speaks for each option.
        share: of what is said of an outcome, by this process; the rest is by networks.
    """

    columns: Integers
    centre: Floats
    scale: Floats
    fields: tuple[Field, ...]
    chosen: Integers
    share: float = 1.0

    def check(self, options: int) -> None:
        """Raise ``ValueError`` where the parts do not fit."""
        read, own = self.columns.shape, (options,)
        fits = read == self.centre.shape == self.scale.shape and self.chosen.shape == own
        fits &= bool(((self.chosen >= 0) & (self.chosen < len(self.fields))).all())
        for one in self.fields:
            many = len(one.weights)
            waves = 2 * (WAVES // options)
            fits &= many == options * (read[0] + waves + 1)
            fits &= one.covariance.shape == (many, many) and one.inverse.shape == read
            fits &= one.linear.shape == one.smooth.shape == (options, options)
            fits &= one.noise.shape == own
        if not fits:
            raise ValueError("Expected a process whose parts fit")

    def answers(self, cells: Doubles) -> tuple[Doubles, Doubles]:
        """(n, q) inputs, NaN unknown -> (n, a) expected outcomes, and (n, a, a) the covariance of
        what is not known of them."""
        x, many = _standard(cells[:, self.columns], self.centre, self.scale), len(self.chosen)
        expected, each = np.empty((len(x), many)), []
        for option, which in enumerate(self.chosen):
            field = self.fields[which]
            rows = field.features(x, np.full(len(x), option))
            said, turned = rows @ field.weights, rows @ field.covariance
            own = (turned * rows).sum(axis=1)
            expected[:, option] = field.expected(said, own + field.noise[option])
            each.append((rows, turned, field.steepness(said)))
        covariance = np.zeros((len(x), many, many))
        for i, j in np.ndindex(many, many):
            # Two fields are taken to err by themselves.
            if self.chosen[i] == self.chosen[j]:
                (_, turned, slope), (rows, _, other) = each[i], each[j]
                covariance[:, i, j] = (turned * rows).sum(axis=1) * slope * other
        return expected, covariance


def process(
    part: tuple[Doubles, Codes, Doubles], many: int, *, bends: bool, seed: int
) -> tuple[Process, Doubles]:
    """Learnt from a training part, and (n, a) what it says of its own patients when each is left
    out.

    Args:
        part: (n, q) inputs, NaN unknown; (n,) the option that was given, of so ``many``; (n,) what
            happened.
        bends: whether outcomes may be read by their logarithm; not those with two values.
    """
    cells, options, y = part
    columns = _telling(cells, y)
    read = cells[:, columns]
    known = np.isfinite(read)
    total = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, read, 0).sum(axis=0) / total
    apart = np.where(known, read - centre, 0)
    scale = np.sqrt((apart**2).sum(axis=0) / total)
    scale = np.where(scale > 0, scale, 1.0)
    x = _standard(read, centre, scale)
    fields, said = zip(*_fields((x, options, y), many, bends=bends, seed=seed), strict=True)
    each = np.stack([
        [one.likelihood[options == k].sum() for k in range(many)] for one in said
    ])  # fmt: skip
    chosen = each.argmax(axis=0)
    left_out = np.stack([said[which].expected[:, k] for k, which in enumerate(chosen)], axis=1)
    return Process(columns, centre, scale, fields, chosen), left_out


def _telling(cells: Doubles, y: Doubles) -> Codes:
    """Positions of the inputs most correlated with the outcome."""
    if cells.shape[1] <= INPUTS:
        return np.arange(cells.shape[1])
    known = np.isfinite(cells)
    total = np.maximum(known.sum(axis=0), 1)
    apart = np.where(known, cells - np.where(known, cells, 0).sum(axis=0) / total, 0)
    size = np.sqrt((apart**2).sum(axis=0))
    told = np.abs((y - y.mean()) @ apart) / np.where(size > 0, size, np.inf)
    return np.sort(np.argsort(-told, kind="stable")[:INPUTS])


def _standard(read: Doubles, centre: Doubles, scale: Doubles) -> Doubles:
    return np.clip(np.nan_to_num((read - centre) / scale), -FURTHEST, FURTHEST)


def _fields(
    part: tuple[Doubles, Codes, Doubles], many: int, *, bends: bool, seed: int
) -> list[tuple[Field, LeftOut]]:
    y = part[2]
    rows = np.random.default_rng(seed).permutation(len(y))[:LOOKED_AT]
    plain = _field(part, rows, many, bend=0.0)
    found = [plain]
    if bends:
        noise = float(np.sqrt(plain[0].noise[0])) * plain[0].spread
        found.append(_field(part, rows, many, bend=max(noise, 1e-9 * float(np.abs(y).max()))))
    return found


def _field(
    part: tuple[Doubles, Codes, Doubles], rows: Codes, many: int, *, bend: float
) -> tuple[Field, LeftOut]:
    x, options, y = part
    as_read = _bent(y, bend)
    middle, spread = float(as_read.mean()), float(as_read.std()) or 1.0
    outcome = (as_read - middle) / spread
    alike: Likeness = likeness(x[rows], options[rows], outcome[rows], many)
    nothing = np.empty(0)
    field = Field(
        alike.inverse, alike.linear, alike.smooth, alike.noise, bend, middle, spread, nothing,
        nothing,
    )  # fmt: skip
    features = field.features(x, options)
    precise = features / alike.noise[options, None]
    inverse = np.linalg.inv(precise.T @ features + np.eye(features.shape[1]))
    # As it is kept in a package.
    kept: Doubles = np.asarray(inverse.astype(np.float32), dtype=np.float64)
    field = replace(field, weights=kept @ (precise.T @ outcome), covariance=kept)
    return field, _left_out(field, x, options, y)


def _left_out(field: Field, x: Doubles, options: Codes, y: Doubles) -> LeftOut:
    """Each patient's weight is taken away from the weights of all (Rasmussen, Williams, section
    5.4.2)."""
    own = field.features(x, options)
    noise = field.noise[options]
    lever = _product(own, field.covariance, own) / noise
    kept = np.maximum(1 - lever, 1e-6)
    missed = (field.read(y) - own @ field.weights) / kept
    expected = np.empty((len(y), len(field.noise)))
    for option in range(expected.shape[1]):
        rows = field.features(x, np.full(len(y), option))
        between = _product(rows, field.covariance, own) / noise
        doubt = _product(rows, field.covariance, rows) + between**2 * noise / kept
        said = rows @ field.weights - between * missed
        expected[:, option] = field.expected(said, doubt + field.noise[option])
    variance = noise / kept
    density = -0.5 * (np.log(2 * np.pi * variance) + missed**2 / variance)
    density -= np.log(field.spread) + (np.log(np.hypot(y, field.bend)) if field.bend else 0.0)
    return LeftOut(expected, density)


def _product(rows: Doubles, covariance: Doubles, others: Doubles) -> Doubles:
    """(n,) covariance of what two sets of (n, d) features say."""
    return np.asarray(((rows @ covariance) * others).sum(axis=1))


def _bent(y: Doubles, bend: float) -> Doubles:
    return np.asarray(np.arcsinh(y / bend) if bend else y)


@cache
def _frequencies(inputs: int, many: int) -> Doubles:
    """(many, inputs) of a Gaussian kernel of length 1."""
    points = qmc.Sobol(inputs, seed=0).random(WAVES)[:many]
    return np.asarray(ndtri(np.clip(points, 1e-6, 1 - 1e-6)))
