"""The regions of a scan's evidence as rows of a table, on the screen and in the report."""

from __future__ import annotations

from pmed_core.evidence import Evidence, Lesion, Region
from pmed_core.figures import wording

EXACT = "The map is exact: what the network adds up, place by place."
"""Said of a map that is no estimate."""
BOXES = (
    "A region is a box of pixels that the evidence comes from, not the outline of a lesion: its "
    "size says nothing of a lesion's."
)
"""Said beside the sizes of regions."""
WHY_OUTSIDE = (
    "Usual reasons: a photograph, another kind of scan, or a scan that is turned or inverted. "
    "Brightness and contrast are no reason."
)
"""Said of a scan unlike those of training."""
UNGUARDED = (
    "This model cannot tell whether a scan is of another kind than those of its training: the "
    "reader must."
)
"""Said where nothing would be refused."""


def region_rows(found: Evidence) -> list[tuple[str, str, float]]:
    """(region, size, log-odds): the regions, all else, and the sum, which is the prediction."""
    rest = float(found.places.sum()) - sum(region.contribution for region in found.regions)
    return [
        *(_row(number + 1, region) for number, region in enumerate(found.regions)),
        ("Elsewhere", "", rest),
        ("Starting point", "", float(found.explanation.base[0])),
        ("Prediction (sum)", "", float(found.explanation.prediction[0])),
    ]


def longest_side(lesion: Lesion) -> str:
    """ "7 mm", "0.35 mm"; that of a lesion whose scan does not say how large its pixels are is not
    known."""
    found = lesion.diameter_mm
    if found is None:
        return wording.UNKNOWN
    return f"{found:.0f} mm" if found >= 1 else f"{wording.number(found, 2)} mm"


def _row(number: int, region: Region) -> tuple[str, str, float]:
    side = "for" if region.contribution > 0 else "against"
    pixels = wording.counted(region.pixels, "pixel")
    size = f"{region.square_mm:,.0f} mm²" if region.square_mm else pixels
    return f"Region {number}, {side}", size, region.contribution
