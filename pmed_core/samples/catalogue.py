"""The sample cohorts that come with the package, and how each is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pmed_core.outcomes import Number, Outcome, Several, TimeToEvent, YesNo

FOLDER = Path(__file__).parents[2] / "sample_data"


@dataclass(frozen=True)
class Sample:
    """A file in ``sample_data`` with its outcome.

    Attributes:
        description: one line for the card that offers it.
        positive: the values of the outcome that count as the event.
        patient: the column with patient ids, if any.
        ignore: columns that are not inputs.
        simulated: said on the screen; nobody was measured.
        scans: a collection of scans and not a table.
        time: the column with the time to the outcome, where it is one in time.
        horizons: times at which risks are stated; chosen from the data where there are none.
        number: the outcome is one.
        also: further columns that are predicted together with the outcome.
    """

    name: str
    title: str
    description: str
    file: str
    outcome: str
    positive: tuple[str, ...]
    citation: str
    patient: str | None = None
    ignore: tuple[str, ...] = ()
    simulated: bool = True
    scans: bool = False
    time: str = ""
    horizons: tuple[float, ...] = ()
    number: bool = False
    also: tuple[str, ...] = ()

    @property
    def asked(self) -> Outcome:
        """The outcome with which it is opened."""
        if self.time:
            return TimeToEvent(self.outcome, self.time, self.positive, horizons=self.horizons)
        if self.number:
            return Number(self.outcome)
        if self.also:
            return Several(tuple(YesNo(one, self.positive) for one in (self.outcome, *self.also)))
        return YesNo(self.outcome, self.positive)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return FOLDER / self.file


SAMPLES = (
    Sample(
        "breast_cancer", "Breast cancer, Wisconsin",
        "569 fine-needle aspirates, 30 measurements of cell nuclei: benign or malignant?",
        "breast_cancer_wisconsin.csv", "diagnosis", ("malignant",),
        "Wolberg, Street, Mangasarian: Breast Cancer Wisconsin (Diagnostic), UCI, 1995. CC BY 4.0.",
        patient="sample_id", simulated=False,
    ),
    Sample(
        "intensive_care", "Intensive care stays",
        "2,000 simulated stays, a quarter of the cells missing: death in hospital?",
        "intensive_care_simulated.csv", "died_in_hospital", ("yes",),
        "Simulated data; no real patients.", patient="stay_id",
    ),
    Sample(
        "genomic", "Genomic risk",
        "1,000 simulated patients × 1,000 features, 20 of which truly drive the disease.",
        "genomic_simulated.csv", "disease", ("yes",),
        "Simulated data; no real patients.", patient="patient_id",
    ),
    Sample(
        "follow_up", "Heart failure, followed up",
        "1,200 simulated patients, followed for up to seven years: when do they die?",
        "follow_up_simulated.csv", "died", ("yes",),
        "Simulated data; no real patients.", patient="patient_id", time="months",
        horizons=(12, 36, 60),
    ),
    Sample(
        "complications", "After surgery",
        "1,000 simulated patients: who gets an infection, delirium or a kidney injury?",
        "complications_simulated.csv", "wound_infection", ("yes",),
        "Simulated data; no real patients.", patient="patient_id",
        also=("delirium", "kidney_injury"),
    ),
    Sample(
        "diabetes", "Diabetes, a year later",
        "442 patients, ten measurements: how far does the disease progress within a year?",
        "diabetes_progression.csv", "progression", (),
        "Efron, Hastie, Johnstone, Tibshirani: Least angle regression, Ann Stat 2004; as "
        "scikit-learn ships it (BSD 3-Clause).",
        patient="patient_id", simulated=False, number=True,
    ),
    Sample(
        "chest_ct", "Chest CT with nodules",
        "360 simulated slices of 120 patients, outlined by their maker: is there a nodule?",
        "chest_ct_simulated.zip", "label", ("nodule",),
        "Simulated data; no real patients.", patient="patient",
        scans=True,
    ),
)  # fmt: skip
