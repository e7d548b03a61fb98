"""Where on a scan a model sees what it says."""

from __future__ import annotations

from dataclasses import dataclass

from pmed_core.arrays import Floats, Mask, Pixels
from pmed_core.explanation import Explanation
from pmed_core.work import Basis


@dataclass(frozen=True)
class Region:
    """Neighbouring places that speak the same way.

    Attributes:
        top, left, bottom, right: the box round it, in the scan's own pixels; the end is outside.
        pixels: its size in the scan's own pixels.
        contribution: what it adds to the log-odds.
        square_mm: its size, where the scan's spacing is known.
    """

    top: int
    left: int
    bottom: int
    right: int
    pixels: int
    contribution: float
    square_mm: float | None = None


@dataclass(frozen=True)
class Lesion:
    """What a network outlines, connected through the slices of a series.

    Attributes:
        scan: the slice on which it is largest.
        slices: on how many it is.
        pixels: of all slices.
        diameter_mm: the longest side of the box round it on its largest slice, where the spacing
            is known.
        millilitres: its volume, where the distance between slices is known too.
    """

    scan: str
    slices: int
    pixels: int
    diameter_mm: float | None = None
    millilitres: float | None = None


@dataclass(frozen=True)
class Evidence:
    """One scan's prediction, why it is so, and what is outlined. k labels.

    Attributes:
        scan: its name.
        labels, probability, low, high: k of each, as in ``Predictions``.
        interval: what low..high is, in words.
        explanation: what each place of the scan's grid adds to the log-odds of its label, of
            several classes against their geometric mean.
        steadiness: correlation with the map of the same network after its weights were
            shuffled (Adebayo et al., NeurIPS 2018); a map near 1 shows the scan, not the model.
        regions: most important first.
        outline: (height, width) of the scan's own pixels; None where the model outlines nothing
            because nobody showed it how.
        lesions: of the whole series, largest first; of this slice alone in very long series.
        outlined_slices: how many slices were searched for them.
        outside: the scan is unlike all that the model was trained on: nothing of this holds.
        guarded: whether the model can tell so.
        basis: whether the scan was in training.
    """

    scan: str
    labels: tuple[str, ...]
    probability: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    interval: str
    explanation: Explanation
    steadiness: float
    regions: tuple[Region, ...]
    outline: Mask | None = None
    lesions: tuple[Lesion, ...] = ()
    outlined_slices: int = 0
    outside: bool = False
    guarded: bool = True
    basis: Basis = "unknown"

    @property
    def label(self) -> str:
        """The one that is explained."""
        return self.explanation.label

    @property
    def places(self) -> Floats:
        """(rows, columns) of the grid: log-odds for (above zero) and against the label."""
        return self.explanation.shap.reshape(self.explanation.layout)

    @property
    def telling(self) -> bool:
        """Whether the map depends on what the network learnt."""
        return self.steadiness < STEADY

    @property
    def colour(self) -> float:
        """The share of the full colour that the strongest place gets when the map is drawn."""
        return min(1.0, float(abs(self.places).sum()) / MOVES)


@dataclass(frozen=True)
class SeriesOutline:
    """What a model outlines on the slices of a series.

    Attributes:
        scans: their names, in order.
        outline: (slices, height, width).
        lesions: largest first.
    """

    scans: tuple[str, ...]
    outline: Mask
    lesions: tuple[Lesion, ...] = ()


@dataclass(frozen=True)
class Example:
    """A scan as a network would read it.

    Attributes:
        scan: its name.
        prepared: (side, side, channels).
        augmented: the same, as training changes it at random.
    """

    scan: str
    prepared: Pixels
    augmented: tuple[Pixels, ...]


MOVES = 0.5
"""Log-odds, from 50 % to 62 %: where all places together move less, the map is faint."""
STEADY = 0.7
"""A map that stays as alike as this when the weights are shuffled is not shown."""
