"""The sample cohorts that come with the package, and how each is to be read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pmed_core.outcomes import Arms, Effect, Number, Outcome, Several, TimeToEvent, YesNo
from pmed_core.outcomes.effect.trial import Trial
from pmed_core.settings import APP

FOLDER = APP / "sample_data"


@dataclass(frozen=True)
class Sample:
    """A file in ``sample_data``, and the outcome with which it is opened.

    ``description`` and ``citation`` stand on the card that offers it; ``choices``: what the reader
    is told of its file, as pairs of key and value.
    """

    name: str
    title: str
    description: str
    file: str
    outcome: Outcome
    citation: str
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> Path:
        """Where the file is."""
        return FOLDER / self.file


SIMULATED = "Simulated data; no real patients."

SAMPLES = (
    Sample(
        "breast_cancer", "Breast cancer, Wisconsin",
        "569 fine-needle aspirates, 30 measurements of cell nuclei: benign or malignant?",
        "breast_cancer_wisconsin.csv", YesNo("diagnosis", ("malignant",)),
        "Wolberg, Street, Mangasarian: Breast Cancer Wisconsin (Diagnostic), UCI, 1995. CC BY 4.0.",
    ),
    Sample(
        "intensive_care", "Intensive care stays",
        "2,000 simulated stays, a quarter of the cells missing: death in hospital?",
        "intensive_care_simulated.csv", YesNo("died_in_hospital", ("yes",)), SIMULATED,
    ),
    Sample(
        "genomic", "Genomic risk",
        "1,000 simulated patients × 1,000 features, 20 of which truly drive the disease.",
        "genomic_simulated.csv", YesNo("disease", ("yes",)), SIMULATED,
    ),
    Sample(
        "expression", "Expression of genes",
        "120 simulated patients × 2,000 genes as counts of reads, 12 of which truly differ: who "
        "responds to the treatment?",
        "expression_simulated.zip", YesNo("response", ("responder",)), SIMULATED,
        (("file", "counts.tsv"), ("phenotypes", "sheet.csv")),
    ),
    Sample(
        "follow_up", "Heart failure, followed up",
        "1,200 simulated patients, followed for up to seven years: when do they die?",
        "follow_up_simulated.csv",
        TimeToEvent("died", "months", ("yes",), horizons=(12, 36, 60)), SIMULATED,
    ),
    Sample(
        "complications", "After surgery",
        "1,000 simulated patients: who gets an infection, delirium or a kidney injury?",
        "complications_simulated.csv",
        Several(tuple(
            YesNo(name, ("yes",)) for name in ("wound_infection", "delirium", "kidney_injury")
        )), SIMULATED,
    ),
    Sample(
        "diabetes", "Diabetes, a year later",
        "442 patients, ten measurements: how far does the disease progress within a year?",
        "diabetes_progression.csv", Number("progression"),
        "Efron, Hastie, Johnstone, Tibshirani: Least angle regression, Ann Stat 2004; as "
        "scikit-learn ships it (BSD 3-Clause).",
    ),
    Sample(
        "chest_ct", "Chest CT with nodules",
        "360 simulated slices of 120 patients, outlined by their maker: is there a nodule?",
        "chest_ct_simulated.zip", YesNo("label", ("nodule",)), SIMULATED,
    ),
    Sample(
        "activity", "Activity of molecules",
        "1,017 real molecules as SMILES, all of one series: at which concentration is each active?",
        "activity_chembl.csv", Number("pIC50"),
        "ChEMBL (EMBL-EBI), document CHEMBL2321810, CC BY-SA 3.0; as RDKit ships it.",
    ),
    Sample(
        "solubility", "Solubility of molecules",
        "610 molecules as SMILES, put together from rings and groups: how well do they dissolve?",
        "solubility_simulated.csv", Number("log_solubility"),
        "Simulated with the equation of Delaney, J Chem Inf Comput Sci 2004.",
    ),
    Sample(
        "promoters", "Simulated promoters",
        "800 sequences of 80 letters, half of them with the two motifs of a bacterial promoter: "
        "is it one, and where are the motifs?",
        "promoters_simulated.fa", YesNo("label", ("promoter",)), SIMULATED,
    ),
    Sample(
        "risk_genes", "Exomes of cases and controls",
        "500 simulated patients of three populations, 300 genes, six of which truly carry risk: "
        "which are they, and who carries what?",
        "risk_genes_simulated.zip", YesNo("case", ("yes",)), SIMULATED,
        (("file", "patients.csv"), ("joined:patient", "variants.vcf.gz")),
    ),
    Sample(
        "drug_response", "Drug response of cell lines",
        "110 simulated cell lines × 25 drugs, 50 genes, a few of which truly drive each drug: "
        "which drug works?",
        "drug_response_simulated.zip", Number("ln_ic50_uM"), SIMULATED,
        (
            ("file", "pairs.csv"), ("joined:cell_line", "expression.csv"),
            ("joined:drug", "drugs.csv"),
        ),
    ),
    Sample(
        "treatment_observed", "Surgery or medication",
        "1,500 simulated patients of whom clinicians chose the fitter for surgery: whom does it "
        "help, and whom does it harm? The true effect is known.",
        "treatment_observed_simulated.csv",
        Effect(
            YesNo("died within 2 years", ("yes",)),
            Arms("treatment", reference="medication", trial=Trial(
                "Patients with a narrowed aortic valve who were discussed for surgery",
                "The day of the decision", "Two years; deaths of all causes",
            )),
        ),
        SIMULATED,
    ),
    Sample(
        "treatment_trial", "Trial of a drug",
        "900 simulated patients with high blood pressure, randomised to a drug or to placebo: for "
        "whom does it work best? The true effect is known.",
        "treatment_trial_simulated.csv",
        Effect(
            Number("systolic pressure at 12 weeks (mmHg)"),
            Arms("arm", reference="placebo", randomised=True, better="lower", trial=Trial(
                "Adults with a systolic pressure of 135 mmHg or more",
                "The day of randomisation", "Twelve weeks; one measurement at the last visit",
            )),
        ), SIMULATED,
    ),
)  # fmt: skip
