"""What the front asks the back to do. Ids and plain values only; a closed union."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from pmed_core.arrays import formerly, to_json
from pmed_core.cohort import Correction
from pmed_core.evaluation import Curve
from pmed_core.export import Export
from pmed_core.genome.work import CallGenes, ScoreGenomes
from pmed_core.limits import Limits
from pmed_core.modalities.expression.genes import DescribeGenes
from pmed_core.modalities.sequence.motifs import FindMotifs
from pmed_core.options import AnyOptions, FitOptions, ScanOptions
from pmed_core.outcomes import Outcome
from pmed_core.variable import Variable

Cell = str | float | None  # a typed-in value: text of a category, a number, or not known


@dataclass(frozen=True)
class Read:
    """Turn a stored file into a cohort and check its quality -> ``cohort_id``.

    With ``cohort`` that cohort is corrected instead: scans are kept without the file they were in.
    ``variables`` and ``outcome`` are the user's corrections; None lets the reader infer.
    With ``folder`` that folder of the server is read; ``looked_at``: no scan shows a name.
    ``correction`` changes a label. With ``model`` the file is read as that model's inputs instead.
    Then ``source`` is the token of the room that it passes through, and so is the cohort's id.
    ``choices``: (key, value) of decisions of the reader that the user overruled.
    ``previous``: the cohort that this one revises; ``overruled``: keys of the decisions that it
    changes; ``said``: why, where it is no plain change.
    """

    source: str
    name: str
    variables: tuple[Variable, ...] | None = None
    outcome: Outcome | None = None
    model: str = ""
    cohort: str = ""
    correction: Correction | None = None
    folder: str = ""
    looked_at: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    previous: str = ""
    overruled: tuple[str, ...] = ()
    said: str = ""
    kind: Literal["read"] = "read"


@dataclass(frozen=True)
class Inspect:
    """Look at a file before it is taken -> ``Inspection``; ``source``: of its room."""

    source: str
    name: str
    choices: tuple[tuple[str, str], ...] = ()
    folder: str = ""
    looked_at: bool = False
    kind: Literal["inspect"] = "inspect"


@dataclass(frozen=True)
class Describe:
    """Read a stored data dictionary -> ``Dictionary``."""

    source: str
    name: str
    kind: Literal["describe"] = "describe"


@dataclass(frozen=True)
class Fit:
    """Train on a cohort -> ``model_id``; ``start``: the model of scans to continue, else empty."""

    cohort: str
    name: str
    options: AnyOptions = field(default_factory=FitOptions)
    start: str = ""
    kind: Literal["fit"] = "fit"


@dataclass(frozen=True)
class Load:
    """Check an imported package by loading it -> ``model_id``; ``model``: token of its room."""

    model: str
    kind: Literal["load"] = "load"


@dataclass(frozen=True)
class Evaluate:
    """Evaluate a model on a held-out cohort -> ``Evaluation`` (also kept with the model)."""

    model: str
    cohort: str
    kind: Literal["evaluate"] = "evaluate"


@dataclass(frozen=True)
class Predict:
    """Predict the patients of a cohort that only passes -> ``Predicted``; nothing is kept. Alerts
    are raised from a risk of ``threshold`` on; of ``silent`` labels, by position, nothing is said.
    """

    model: str
    cohort: str
    threshold: float | None = None
    silent: tuple[int, ...] = ()
    kind: Literal["predict"] = "predict"


@dataclass(frozen=True)
class Predicted:
    """What is said of n patients of a file.

    Attributes:
        columns: name -> n cells, as the shell writes them.
        outside: (n,) whether each is unlike the training data.
        interval: what low..high is, in words.
        notes, reading: what a reader must know of the numbers, and how the file was read.
        alerts: (n,) whether each is at or above the threshold; empty without one.
        blocks: (n,) the rows as the modality ``writes`` them; empty for none, or of too many.
    """

    columns: dict[str, list[Any]]
    outside: tuple[bool, ...]
    interval: str
    notes: tuple[str, ...]
    alerts: tuple[bool, ...] = ()
    blocks: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """The one patient that is asked about.

    Attributes:
        cells: the patient's values by variable, where they are typed or in a table.
        patient: whose cells these are, or were before some were changed, in the model's own cohort;
            empty for typed values. Whoever was in training is answered by the networks that never
            saw them.
        cohort, row: else a row of a kept cohort, by the name that its payload has there: a scan.
    """

    cells: tuple[tuple[str, Cell], ...] = ()
    patient: str = ""
    cohort: str = ""
    row: str = ""


@dataclass(frozen=True)
class Consult:
    """One patient's risk and its surroundings -> ``Consultation``."""

    model: str
    case: Case
    kind: Literal["consult"] = "consult"


@dataclass(frozen=True)
class Explain:
    """Why this risk -> ``Explanation`` of one patient, who is known to have ``lived`` so long
    without the event; of a scan what it says, and where -> ``Evidence``, also without a label."""

    model: str
    case: Case
    label: str
    lived: float = 0.0
    kind: Literal["explain"] = "explain"


@dataclass(frozen=True)
class Counter:
    """What would bring this patient's prediction to a threshold -> ``Counterfactual``s.

    ``threshold`` in the outcome's unit (0..1 of a risk); to be undercut, or reached from below
    where ``limits`` has the label wanted higher.
    """

    model: str
    case: Case
    label: str
    threshold: float
    limits: Limits
    kind: Literal["counter"] = "counter"


@dataclass(frozen=True)
class Advise:
    """Which changes within the limits go with a better prediction -> ``Advice``."""

    model: str
    case: Case
    label: str
    limits: Limits
    kind: Literal["advise"] = "advise"


@dataclass(frozen=True)
class Check:
    """Can the explanation of this patient, or of a scan, be believed -> ``Trust``."""

    model: str
    case: Case
    label: str
    kind: Literal["check"] = "check"


@dataclass(frozen=True)
class Depict:
    """A molecule, coloured by ``shares``, among those of a ``reference`` cohort -> ``Portrait``."""

    model: str
    case: Case
    shares: tuple[float, ...] = ()
    reference: str = ""
    kind: Literal["depict"] = "depict"


@dataclass(frozen=True)
class Mutate:
    """What exchanging each letter of a sequence would do -> ``Mutagenesis``."""

    model: str
    case: Case
    label: str
    kind: Literal["mutate"] = "mutate"


@dataclass(frozen=True)
class Rank:
    """What is listed of a case, by what its model reads: all known drugs for a tumour -> ``Drug``s,
    best response first; the rare alleles of a patient -> ``Carried``, smallest p first."""

    model: str
    case: Case
    kind: Literal["rank"] = "rank"


@dataclass(frozen=True)
class Outline:
    """The lesions on all slices of a scan's series -> ``SeriesOutline``."""

    model: str
    cohort: str
    scan: str
    kind: Literal["outline"] = "outline"


@dataclass(frozen=True)
class Preview:
    """How a network would read some of the cohort's scans -> ``Example``s."""

    cohort: str
    options: ScanOptions
    scans: int = 3
    kind: Literal["preview"] = "preview"


@dataclass(frozen=True)
class Importance:
    """Explain patients of the model's own cohort, and keep that with it -> ``Explanation``."""

    model: str
    patients: int = 1000
    kind: Literal["importance"] = "importance"
    title: ClassVar[str] = "Explain the model on its cohort"


@dataclass(frozen=True)
class Growth:
    """How much more patients would help a model, kept with it -> ``LearningCurve``."""

    model: str
    kind: Literal["growth"] = "growth"
    title: ClassVar[str] = "See whether more patients would help the model"


@dataclass(frozen=True)
class Divide:
    """How good a model is in each part of its own patients by one variable -> ``Subgroups``."""

    model: str
    variable: str
    kind: Literal["divide"] = "divide"


AboutModel = Importance | Growth | FindMotifs
"""Jobs that ask something of a model over its own cohort; the answer is kept with it."""
OfModel = (
    Consult | Explain | Counter | Advise | Check | Depict | Mutate | DescribeGenes | Rank | Outline
    | AboutModel
)  # fmt: skip
"""What the modality of a model answers."""
Work = (
    Read | Inspect | Describe | Fit | Load | Export | Evaluate | Predict | Preview | Divide
    | CallGenes | ScoreGenomes | OfModel
)  # fmt: skip


VERSION = "9"
"""Part of every work's id: a new version of the code answers anew."""


def identify(work: Work) -> str:
    """The same question asked of the same code has the same id (32 hex digits)."""
    return hashlib.sha256(f"{VERSION}\n{to_json(Work, work)}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Neighbour:
    """A similar patient of the training cohort; ``values``: all that was predicted, by label."""

    patient: str
    observed: str
    risk: float
    distance: float
    values: tuple[float, ...] = ()

    def of(self, k: int) -> float:
        """What was predicted of a label, as far as it is kept."""
        return self.values[k] if self.values else self.risk


Basis = Literal["held-out", "new", "in training", "unknown"]
"""Who says a number: networks that never saw the patient or scan; all, of a new one; those that it
trained; or nobody knows."""


@dataclass(frozen=True)
class Consultation:
    """Everything about one patient but the why.

    Attributes:
        labels, value, low, high: k of each, as in ``Predictions``.
        interval: what low..high is, in words.
        outside: sentences that say how the patient is unlike the training data; where there is
            one, the screen shows it instead of a number.
        unseen: sentences about cells the model cannot use (a category never seen).
        position: share of the training cohort with a lower value, per label (0..1).
        missing: (variable, score) of missing cells: how far each would typically move it, if known.
        neighbours: the most similar training patients; empty for an imported model.
        basis: which networks say so.
        known_as: the training patient whose values these are; empty for none, or for several.
        alike: how many training patients have exactly these values, where nobody was named.
        course: share without the event by time; empty for outcomes without time.
        given: share of patients like this one given each option; empty where none are compared.
        about: sentences that say what the number is of, where it is of more than the patient.
    """

    labels: tuple[str, ...]
    value: Annotated[tuple[float, ...], formerly("value", "probability")]
    low: tuple[float, ...]
    high: tuple[float, ...]
    interval: str
    outside: tuple[str, ...]
    unseen: tuple[str, ...]
    position: tuple[float, ...]
    missing: tuple[tuple[str, float], ...]
    neighbours: tuple[Neighbour, ...]
    basis: Basis = "unknown"
    known_as: str = ""
    alike: int = 0
    course: Curve = Curve((), ())
    given: tuple[float, ...] = ()
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trust:
    """Whether an explanation can be believed.

    Attributes:
        gap: how far it is from adding up to the prediction.
        standard_error: the largest of any value, as a share of prediction less base.
        alike: correlation (of variables, of ranks) with the values of the same network of shuffled
            weights; near 1, they do not depend on what was learnt (Adebayo et al., NeurIPS 2018).
        removed: (s,) share of the variables set to a typical patient's, or of the places blurred.
        strongest, random: (s,) prediction when those were what speaks most for it, or random ones
            (mean of several orders): the first must move sooner (Samek et al., IEEE TNNLS 2017).
        base: prediction of the typical patient, or the blurred scan, to which both lead.
        orders, beaten: how many random orders there were, and how many of them moved later.
        of: what was removed.
    """

    gap: float
    standard_error: float
    alike: float
    removed: tuple[float, ...]
    strongest: tuple[float, ...]
    random: tuple[float, ...]
    base: float
    orders: int
    beaten: int
    of: Literal["variables", "places"] = "variables"
