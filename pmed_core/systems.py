"""What pmed is for: each system is inputs × outcomes on the same road.

Home, Train, the shell's help and ``tests/systems`` are made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmed_core import modalities, outcomes
from pmed_core.errors import UserError
from pmed_core.modalities import Modality
from pmed_core.outcomes import Outcome

if TYPE_CHECKING:
    from pmed_core.cohort import Cohort


@dataclass(frozen=True)
class System:
    """One clinical use.

    Attributes:
        title: what it is called.
        question: what a clinician asks of it.
        inputs: what its models read.
        outcomes: what they predict, one of these.
        samples: cohorts that open in one click.
        icon: of its cards.
    """

    title: str
    question: str
    inputs: Modality
    outcomes: tuple[type[Outcome], ...]
    samples: tuple[str, ...]
    icon: str


SYSTEMS = (
    System(
        "Disease risk", "How likely is the event for this patient, or which disease is it?",
        modalities.Tabular(), (outcomes.YesNo, outcomes.Classes),
        ("breast_cancer", "intensive_care"), ":material/monitor_heart:",
    ),
    System(
        "Genomic risk", "Do a patient's genomic measurements carry the risk?",
        modalities.Tabular(), (outcomes.YesNo, outcomes.Classes),
        ("genomic",), ":material/genetics:",
    ),
    System(
        "Expression", "Which disease or subtype do a patient's genes show, and which genes say so?",
        modalities.Expression(), (outcomes.YesNo, outcomes.Classes),
        ("expression",), ":material/biotech:",
    ),
    System(
        "Complications", "Which of several events will this patient have?",
        modalities.Tabular(), (outcomes.Several,), ("complications",), ":material/healing:",
    ),
    System(
        "Prognosis", "How long until the event, and how does the risk change over time?",
        modalities.Tabular(), (outcomes.TimeToEvent,), ("follow_up",), ":material/timeline:",
    ),
    System(
        "Measurement", "What will this measurement be for this patient?",
        modalities.Tabular(), (outcomes.Number,), ("diabetes",), ":material/straighten:",
    ),
    System(
        "Lung scan", "What does this scan show, and where?",
        modalities.Scan(), (outcomes.YesNo, outcomes.Classes),
        ("chest_ct",), ":material/radiology:",
    ),
    System(
        "Molecules", "Is this molecule active, toxic or soluble, and which part of it speaks so?",
        modalities.Molecule(),
        (outcomes.Number, outcomes.YesNo, outcomes.Classes, outcomes.Several),
        ("activity", "solubility"), ":material/experiment:",
    ),
    System(
        "Sequences", "What does this stretch of DNA or RNA do, and which of its letters say so?",
        modalities.Sequence(), (outcomes.YesNo, outcomes.Classes),
        ("promoters",), ":material/fingerprint:",
    ),
    System(
        "Risk genes", "Which genes carry the risk, and which variants has this patient in them?",
        modalities.Variants(), (outcomes.YesNo,), ("risk_genes",), ":material/family_history:",
    ),
    System(
        "Drug response", "Which drug would work against this tumour, by what its genes express?",
        modalities.Response(), (outcomes.Number,), ("drug_response",), ":material/medication:",
    ),
    System(
        "Treatment", "What would each option do for this patient, and does that differ at all?",
        modalities.Treatment(), (outcomes.Effect,),
        ("treatment_observed", "treatment_trial"), ":material/compare:",
    ),
)  # fmt: skip


def system_of(modality: Modality, outcome: Outcome | None) -> System | None:
    """The first system with these; None where no outcome is chosen."""
    if outcome is None:
        return None
    alike = (one for one in SYSTEMS if one.inputs == modality)
    return next(one for one in alike if type(outcome) in one.outcomes)


def learns(modality: Modality, kind: type[Outcome]) -> bool:
    """Whether there is a system with models of that modality for that kind of outcome, or for the
    effect on one."""
    known = {one for system in SYSTEMS if system.inputs == modality for one in system.outcomes}
    return kind in known or (outcomes.Effect in known and kind.comparable)


def refuse_unlearnt(modality: Modality, cohort: Cohort, read: str, remedy: str) -> None:
    """Raise ``UserError`` where nothing is learnt of the cohort's outcome from what is ``read``."""
    outcome = cohort.chosen_outcome()
    if not learns(modality, type(outcome)):
        what = f"An outcome of the kind '{outcome.kind}' is not predicted from {read}"
        raise UserError(what, cohort.name, remedy)


def of_sample(name: str) -> System:
    """The system that a sample shows."""
    return next(one for one in SYSTEMS if name in one.samples)
