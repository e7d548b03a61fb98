"""Write the sample cohorts: python -m pmed_core.samples [FOLDER]"""

from __future__ import annotations

import sys
from pathlib import Path

from pmed_core.samples import chest_ct, drug_response, expression, promoters, risk_genes
from pmed_core.samples.activity import activity
from pmed_core.samples.breast_cancer import breast_cancer
from pmed_core.samples.catalogue import FOLDER
from pmed_core.samples.complications import complications
from pmed_core.samples.diabetes import diabetes
from pmed_core.samples.follow_up import follow_up
from pmed_core.samples.genomic import genomic
from pmed_core.samples.intensive_care import intensive_care
from pmed_core.samples.solubility import solubility
from pmed_core.samples.treatment import treatment_observed, treatment_trial

TABLES = {
    "breast_cancer_wisconsin.csv": breast_cancer,
    "intensive_care_simulated.csv": intensive_care,
    "genomic_simulated.csv": genomic,
    "follow_up_simulated.csv": follow_up,
    "complications_simulated.csv": complications,
    "diabetes_progression.csv": diabetes,
    "activity_chembl.csv": activity,
    "solubility_simulated.csv": solubility,
    "treatment_observed_simulated.csv": treatment_observed,
    "treatment_trial_simulated.csv": treatment_trial,
}


def write_tables(folder: Path) -> None:
    """Write the tables."""
    for name, table in TABLES.items():
        table().to_csv(folder / name, index=False, float_format="%.6g", lineterminator="\n")


def main(folder: Path) -> None:
    """Write everything."""
    folder.mkdir(exist_ok=True)
    write_tables(folder)
    chest_ct.write(folder / "chest_ct_simulated.zip")
    drug_response.write(folder / "drug_response_simulated.zip")
    expression.write(folder / "expression_simulated.zip")
    promoters.write(folder / "promoters_simulated.fa")
    risk_genes.write(folder / "risk_genes_simulated.zip")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
