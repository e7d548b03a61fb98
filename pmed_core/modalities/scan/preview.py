"""What a network would read, before it is trained."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.evidence import Example
from pmed_core.modalities.scan.augmentation import Augment
from pmed_core.modalities.scan.preparation import choose_preparation
from pmed_core.options import ScanOptions

CHANGED = 3


def examples(cohort: Cohort, options: ScanOptions, count: int) -> tuple[Example, ...]:
    """Scans from all over the cohort, prepared and, where so chosen, augmented.

    Raises ``UserError`` where there are no scans.
    """
    if cohort.scans is None or cohort.scan is None:
        raise UserError("There are no scans in this cohort", cohort.name, "Bring in scans.")
    names = cohort.table[cohort.scan].tolist()
    preparation = choose_preparation(options, cohort.scans, names)
    some = [
        names[row] for row in np.linspace(0, len(names) - 1, min(count, len(names))).astype(int)
    ]
    prepared = preparation.prepare(cohort.scans, some)
    layer = Augment(options.seed)
    changed = [
        ops.convert_to_numpy(layer(prepared, training=True))
        for _ in range(CHANGED if options.augmentation else 0)
    ]
    return tuple(
        Example(name, _pixels(prepared[row]), tuple(_pixels(one[row]) for one in changed))
        for row, name in enumerate(some)
    )


def _pixels(scan: NDArray[Any]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(255 * np.clip(scan, 0, 1)), dtype=np.uint8)
