"""Pharmacogenes and polygenic scores from the shell."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path
from typing import Any

from pmed_core.errors import UserError
from pmed_core.settings import RESEARCH_ONLY

BUILDS = ("GRCh37", "GRCh38")
EXAMPLES = """examples:
  python -m pmed_core genome genes patient.vcf.gz
  python -m pmed_core genome score cohort.vcf.gz --weights PGS001229_hmPOS_GRCh38.txt.gz
  python -m pmed_core genome score cohort.vcf.gz --weights weights.txt --phenotypes sheet.csv \\
      --by ancestry --to scores.csv
"""


def flags(commands: Any) -> None:
    """What may be typed."""
    command = commands.add_parser(
        "genome", help="say what published tables say of genomes",
        description=f"Say what published tables say of genomes. {RESEARCH_ONLY}", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    verbs = command.add_subparsers(dest="verb", required=True, metavar="VERB")
    genes = verbs.add_parser("genes", help="alleles and phenotypes of pharmacogenes")
    genes.add_argument("--patient", metavar="ID", help="one patient (default: all of the file)")
    score = verbs.add_parser("score", help="the polygenic score of each patient")
    score.add_argument(
        "--weights", metavar="FILE", required=True, help="a scoring file of the PGS Catalog"
    )
    score.add_argument("--phenotypes", metavar="SHEET", help="a table of the patients")
    score.add_argument("--by", metavar="COL", help="column of the sheet: groups of like ancestry")
    for one in (genes, score):
        one.add_argument("file", metavar="VCF", help="genotypes, plain or packed by bgzip")
        one.add_argument("--build", choices=BUILDS, help="where a file does not tell it")
        one.add_argument("--to", metavar="PATH", help="CSV file to write (default: stdout)")


def genome(given: Namespace) -> None:
    """Do what was typed; the table goes to stdout or a file."""
    from pmed_core.readers.tables import read_cohort
    from pmed_core.shell.joins import together
    from pmed_core.shell.terminal import say, write

    beside = getattr(given, "phenotypes", None)
    with together(Namespace(file=given.file, join=[], read=[], phenotypes=beside)) as typed:
        choices = dict(one.split("=", 1) for one in typed.read)
        cohort = read_cohort(Path(typed.file), choices=choices)
    table = _genes(given, cohort) if given.verb == "genes" else _scores(given, cohort)
    write(table, given.to)
    say(RESEARCH_ONLY)


def _genes(given: Namespace, cohort: Any) -> Any:
    import pandas as pd

    from pmed_core.figures.genomes import genes_table
    from pmed_core.genome.answers import genes_of, of_patients
    from pmed_core.genome.told import NOT_ADVICE
    from pmed_core.shell.terminal import say

    patients = [given.patient] if given.patient else of_patients(cohort)[0]
    tables = []
    for patient in patients:
        table = genes_table(genes_of(cohort, patient, given.build or ""))
        table.insert(0, "Patient", patient)
        tables.append(table)
    say(NOT_ADVICE)
    return pd.concat(tables, ignore_index=True)


def _scores(given: Namespace, cohort: Any) -> Any:
    from pmed_core.figures.genomes import matched_words, scores_table
    from pmed_core.genome.answers import scores_of
    from pmed_core.genome.told import NOT_A_DIAGNOSIS
    from pmed_core.shell.terminal import say

    file = Path(given.weights)
    if not file.is_file():
        raise UserError("There is no such file", str(file), "Check the path.")
    found = scores_of(cohort, (file.read_bytes(), file.name), given.build or "", given.by or "")
    for sentence in (*matched_words(found.matched, found.build), *found.notes, NOT_A_DIAGNOSIS):
        say(sentence)
    return scores_table(found)
