"""What pmed is for: each system is inputs × outcomes on the same road.

Home, Train, the shell's help and ``tests/systems`` are made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmed_core.modalities import (
    Expression,
    Modality,
    Molecule,
    Response,
    Scan,
    Sequence,
    Tabular,
    Treatment,
    Variants,
)

if TYPE_CHECKING:
    from pmed_core.outcomes import Outcome

YES_NO, CLASSES, SEVERAL = "yes/no", "classes", "several"
NUMBER, TIME_TO_EVENT, EFFECT = "number", "time to event", "effect"
"""Kinds of outcome, by their names: the shell's help shows this table and loads none of them."""


@dataclass(frozen=True)
class System:
    """One clinical use.

    Attributes:
        title: what it is called.
        question: what a clinician asks of it.
        inputs: what its models read.
        outcomes: kinds of what they predict, one of these.
        samples: cohorts that open in one click.
        icon: of its cards.
        compares: kinds of the outcomes on which they predict an effect.
    """

    title: str
    question: str
    inputs: Modality
    outcomes: tuple[str, ...]
    samples: tuple[str, ...]
    icon: str
    compares: tuple[str, ...] = ()


SYSTEMS = (
    System(
        "Disease risk", "How likely is the event for this patient, or which disease is it?",
        Tabular(), (YES_NO, CLASSES), ("breast_cancer", "intensive_care"),
        ":material/monitor_heart:",
    ),
    System(
        "Genomic risk", "Do a patient's genomic measurements carry the risk?",
        Tabular(), (YES_NO, CLASSES), ("genomic",), ":material/genetics:",
    ),
    System(
        "Expression", "Which disease or subtype do a patient's genes show, and which genes say so?",
        Expression(), (YES_NO, CLASSES), ("expression",), ":material/biotech:",
    ),
    System(
        "Complications", "Which of several events will this patient have?",
        Tabular(), (SEVERAL,), ("complications",), ":material/healing:",
    ),
    System(
        "Prognosis", "How long until the event, and how does the risk change over time?",
        Tabular(), (TIME_TO_EVENT,), ("follow_up",), ":material/timeline:",
    ),
    System(
        "Measurement", "What will this measurement be for this patient?",
        Tabular(), (NUMBER,), ("diabetes",), ":material/straighten:",
    ),
    System(
        "Lung scan", "What does this scan show, and where?",
        Scan(), (YES_NO, CLASSES), ("chest_ct",), ":material/radiology:",
    ),
    System(
        "Molecules", "Is this molecule active, toxic or soluble, and which part of it speaks so?",
        Molecule(), (NUMBER, YES_NO, CLASSES, SEVERAL), ("solubility",), ":material/experiment:",
    ),
    System(
        "Sequences", "What does this stretch of DNA or RNA do, and which of its letters say so?",
        Sequence(), (YES_NO, CLASSES), ("promoters",), ":material/fingerprint:",
    ),
    System(
        "Risk genes", "Which genes carry the risk, and which variants has this patient in them?",
        Variants(), (YES_NO,), ("risk_genes",), ":material/family_history:",
    ),
    System(
        "Drug response", "Which drug would work against this tumour, by what its genes express?",
        Response(), (NUMBER,), ("drug_response",), ":material/medication:",
    ),
    System(
        "Treatment", "What would each option do for this patient, and does that differ at all?",
        Treatment(), (EFFECT,), ("treatment_observed", "treatment_trial"), ":material/compare:",
        (YES_NO, NUMBER, TIME_TO_EVENT),
    ),
)  # fmt: skip


def system_of(modality: Modality, outcome: Outcome | None) -> System | None:
    """The first system with these; None where no outcome is chosen."""
    if outcome is None:
        return None
    alike = (one for one in SYSTEMS if one.inputs == modality)
    return next(one for one in alike if outcome.kind in one.outcomes)


def learns(modality: Modality, kind: str) -> bool:
    """Whether there is a system with models of that modality for that kind of outcome, or for the
    effect on one."""
    return any(one.inputs == modality and kind in (*one.outcomes, *one.compares) for one in SYSTEMS)


def of_sample(name: str) -> System:
    """The system that a sample shows."""
    return next(one for one in SYSTEMS if name in one.samples)
