"""The quantile of the normal distribution, which ONNX has no operator for."""

from __future__ import annotations

from collections.abc import Sequence

from pmed_core.graph import Node

MIDDLE = (
    (
        3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427,
        13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
        33430.575583588128105, 2509.0809287301226727,
    ),
    (
        1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077,
        21213.794301586595867, 39307.895800092710610, 28729.085735721942674,
        5226.4952788528545610,
    ),
)  # fmt: skip
TAIL = (
    (
        1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550,
        3.64784832476320460504, 1.27045825245236838258, 0.241780725177450611770,
        0.0227238449892691845833, 0.000774545014278341407640,
    ),
    (
        1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550,
        0.148103976427480074590, 0.0151986665636164571966, 0.000547593808499534494600,
        1.05075007164441684324e-9,
    ),
)  # fmt: skip
HALF, SPLIT = 0.425, 1.6
"""How far from a half the middle goes, and what is taken off in the tail."""


def normal_quantile(share: Node) -> Node:
    """Shares from e^-25 to 1 - e^-25 -> standard-normal scores, to about 1e-16.

    Algorithm AS 241 (Wichura, Applied Statistics 1988), without its region of smaller shares.
    """
    off = share - 0.5
    near = off * _ratio(-(off * off) + HALF**2, MIDDLE)
    least = share.do("Min", -share + 1.0)
    far = _ratio((-least.log()).do("Sqrt") - SPLIT, TAIL)
    tail = off.do("Less", 0.0).where(-far, far)
    return off.do("Abs").do("LessOrEqual", HALF).where(near, tail)


def _ratio(of: Node, coefficients: tuple[Sequence[float], Sequence[float]]) -> Node:
    above, below = (_polynomial(of, each) for each in coefficients)
    return above / below


def _polynomial(of: Node, coefficients: Sequence[float]) -> Node:
    """Rising powers, by Horner's rule."""
    found = of * coefficients[-1] + coefficients[-2]
    for coefficient in reversed(coefficients[:-2]):
        found = found * of + coefficient
    return found
