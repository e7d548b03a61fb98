"""How alike patients and options are, learnt from what happened to some of them.

The expected outcome is a Gaussian process over inputs and options together: what one option teaches
of an input is known of the others (Alaa, van der Schaar: Bayesian inference of individualized
treatment effects using multi-task Gaussian processes, NeurIPS 2017). Each option mixes the same
linear and smooth functions (Bonilla et al., NeurIPS 2007), whose length along each input is shared.
The maximum of the marginal likelihood with a prior is found by its gradient (Rasmussen, Williams:
Gaussian Processes for Machine Learning, 2006, section 5.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import minimize

Doubles = NDArray[np.float64]
Codes = NDArray[np.int64]
LEVEL = 10.0
"""Variance of each option's own level: nothing is believed of it."""
STEPS = 80
JITTER = 1e-6
SHORTEST, LOUDEST = -2.0, -1.0
"""Where the logarithms of mean squared inverse length and noise are looked for, each within about
2 and 1.5."""


@dataclass(frozen=True)
class Likeness:
    """How alike outcomes are; of a outcomes, in units of their standard deviation.

    Attributes:
        inverse: (p,) one over the length of each input.
        linear, smooth: (a, a) lower triangles by which options mix functions.
        noise: (a,) variance of what inputs do not tell.
    """

    inverse: Doubles
    linear: Doubles
    smooth: Doubles
    noise: Doubles


def likeness(x: Doubles, options: Codes, y: Doubles, many: int) -> Likeness:
    """Of (n, p) inputs, the (n,) options that were given, of so many, and (n,) outcomes, all in
    standard units. Takes memory and time as n² and n³."""
    search = _Search(x, options, y, many)
    found = minimize(
        search.value, search.start(), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}
    )
    return search.read(found.x)


@dataclass(frozen=True)
class _Search:
    x: Doubles
    options: Codes
    y: Doubles
    many: int

    @property
    def _sizes(self) -> tuple[int, int]:
        return self.x.shape[1], self.many * (self.many + 1) // 2

    def start(self) -> Doubles:
        p, _ = self._sizes
        mixed = np.where(np.eye(self.many) > 0, -0.5, 0.2)[np.tril_indices(self.many)]
        return np.concatenate(
            [np.full(p, -np.log(p)), mixed, mixed, np.full(self.many, LOUDEST)]
        )  # fmt: skip

    def _triangle(self, values: Doubles) -> Doubles:
        found = np.zeros((self.many, self.many))
        found[np.tril_indices(self.many)] = values
        diagonal = np.diag_indices(self.many)
        found[diagonal] = np.exp(found[diagonal])
        return found

    def read(self, at: Doubles) -> Likeness:
        p, t = self._sizes
        linear, smooth = (self._triangle(at[p + k * t : p + (k + 1) * t]) for k in (0, 1))
        return Likeness(np.exp(at[:p] / 2), linear, smooth, np.exp(at[p + 2 * t :]))

    def value(self, at: Doubles) -> tuple[float, Doubles]:
        """Negative log posterior and its gradient."""
        one, member = self.read(at), np.eye(self.many)[self.options]
        scaled = self.x * one.inverse
        inner = scaled @ scaled.T
        squares = np.diag(inner)
        smooth = np.exp(-0.5 * np.maximum(squares[:, None] + squares - 2 * inner, 0))
        mixed = [member @ (c @ c.T) @ member.T for c in (one.linear, one.smooth)]
        kernel = mixed[0] * inner + mixed[1] * smooth + LEVEL * (member @ member.T)
        kernel[np.diag_indices(len(kernel))] += one.noise[self.options] + JITTER
        try:
            factor = cho_factor(kernel, lower=True)
        except LinAlgError:
            return 1e10, np.zeros_like(at)
        solved = cho_solve(factor, self.y)
        outer = 0.5 * (cho_solve(factor, np.eye(len(self.y))) - np.outer(solved, solved))
        value = 0.5 * self.y @ solved + np.log(np.diag(factor[0])).sum()
        parts = (outer * mixed[0], outer * mixed[1] * smooth)
        gradient = [self._of_lengths(parts, one.inverse**2)]
        for mixing, part in ((one.linear, inner), (one.smooth, smooth)):
            gradient.append(_of_mixing(member.T @ (outer * part) @ member, mixing))
        gradient.append((member.T @ np.diag(outer)) * one.noise)
        believed, drawn = self._prior(at)
        return float(value + believed), np.concatenate(gradient) + drawn

    def _of_lengths(self, parts: tuple[Doubles, Doubles], squared: Doubles) -> Doubles:
        linear, smooth = parts
        both = ((linear + smooth) @ self.x * self.x).sum(axis=0)
        return np.asarray(squared * (both - smooth.sum(axis=1) @ self.x**2))

    def _prior(self, at: Doubles) -> tuple[float, Doubles]:
        """Lengths are alike but for some (Cauchy); the rest is within a wide range (normal)."""
        p, t = self._sizes
        lengths, mixed, noise = at[:p], at[p : p + 2 * t], at[p + 2 * t :]
        apart, middle = lengths - lengths.mean(), lengths.mean() - SHORTEST
        drawn = 2 * apart / (1 + apart**2)
        value = np.log1p(apart**2).sum() + middle**2 / 8
        value += (mixed**2).sum() / 8 + ((noise - LOUDEST) ** 2).sum() / 4.5
        parts = [drawn - drawn.mean() + middle / 4 / p, mixed / 4, (noise - LOUDEST) / 2.25]
        return float(value), np.concatenate(parts)


def _of_mixing(summed: Doubles, mixing: Doubles) -> Doubles:
    """Gradient by the free values of a lower triangle, whose diagonal is an exponential."""
    found = (summed + summed.T) @ mixing
    diagonal = np.diag_indices(len(found))
    found[diagonal] *= mixing[diagonal]
    return np.asarray(found[np.tril_indices(len(found))])
