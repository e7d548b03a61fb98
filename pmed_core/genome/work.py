"""What the front asks of the genomes of a cohort; a part of ``work.Work``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class CallGenes:
    """Which alleles of pharmacogenes a patient of a cohort of genomes has -> ``GeneCall``s.

    ``build``: whose positions these are, where the file does not tell.
    """

    cohort: str
    patient: str
    build: str = ""
    kind: Literal["call-genes"] = "call-genes"


@dataclass(frozen=True)
class ScoreGenomes:
    """The polygenic score of each patient of a cohort -> ``PolygenicScores``.

    ``source``: token of the room of the scoring file; ``group``: variable of like ancestry, empty
    for none; ``build`` as above, of whichever file does not tell.
    """

    cohort: str
    source: str
    name: str
    build: str = ""
    group: str = ""
    kind: Literal["score-genomes"] = "score-genomes"
