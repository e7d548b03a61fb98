"""A simulated case-control study of exomes, as a VCF file and a sheet of patients.

Three populations drift apart (Balding & Nichols, Genetica 1995) and differ in how common the
disease is, so that ancestry alone is associated with it. Of 300 genes six truly carry risk: each
damaging allele in them multiplies the odds. Some patients are relatives of others, and one was
sequenced twice.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

PATIENTS, GENES, CAUSAL, COMMON, EACH = 500, 300, 6, 900, 14
POPULATIONS, DRIFT = (0.5, 0.3, 0.2), 0.08
ODDS, BASE = 20.0, (-1.1, -0.1, 0.5)
"""Odds ratio of a damaging allele in a gene that carries risk, and log-odds in each population."""
CHILDREN, MISSING = 8, 0.004
DAMAGING, MILD = ("stop_gained", "frameshift_variant", "missense_variant"), "synonymous_variant"
FILES = ("patients.csv", "variants.vcf.gz")
STARTED = (2026, 1, 1, 0, 0, 0)
BASES = "ACGT"
HEAD = (
    "##fileformat=VCFv4.2\n##source=pmed simulation\n"
    '##INFO=<ID=ANN,Number=.,Type=String,Description="Functional annotations: '
    "'Allele | Annotation | Annotation_Impact | Gene_Name'\">\n"
    '##INFO=<ID=CLNSIG,Number=.,Type=String,Description="Simulated clinical significance">\n'
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    "##contig=<ID=chr1,length=248956422>\n##contig=<ID=chr2,length=242193529>\n"
    "##contig=<ID=chr3,length=198295559>\n"
)
"""Contigs are those of GRCh38; positions are made up."""


@dataclass(frozen=True)
class Study:
    """What was simulated.

    Attributes:
        sites: chromosome, position, reference, alternative, gene, consequence.
        copies: (sites, patients) int8, -1 not called.
        sheet: patient, sex, age, case; as it is written.
        causal: the genes that truly carry risk; none without signal.
        population: (patients,) of each.
    """

    sites: pd.DataFrame
    copies: NDArray[np.int8]
    sheet: pd.DataFrame
    causal: tuple[str, ...]
    population: NDArray[np.int64]


def risk_genes(seed: int = 46, odds: float = ODDS) -> Study:
    """500 patients, half of them or so with the disease; odds of 1: no gene carries risk."""
    draw = np.random.default_rng(seed)
    population = draw.choice(len(POPULATIONS), PATIENTS, p=POPULATIONS)
    sites = _sites(draw)
    causal = tuple(f"GENE{k:03d}" for k in np.sort(draw.permutation(GENES)[:CAUSAL]) + 1)
    risky = sites["gene"].isin(causal) & sites["consequence"].isin(DAMAGING)
    frequency = _frequencies(sites, risky.to_numpy(), draw)
    copies = draw.binomial(2, frequency[:, population]).astype(np.int8)
    copies = _relatives(copies, population, draw)
    age = np.clip(draw.normal(57, 11, PATIENTS), 25, 88).round()
    score = np.array(BASE)[population] + 0.02 * (age - 57)
    score += np.log(odds) * np.minimum(copies[risky.to_numpy()].sum(axis=0), 2)
    score -= np.log(odds) * 0.25
    case = draw.random(PATIENTS) < 1 / (1 + np.exp(-score))
    # One patient twice: what was drawn first holds for both.
    case[-1], age[-1] = case[0], age[0]
    sheet = pd.DataFrame(
        {
            "patient": [f"E{number:04d}" for number in range(1, PATIENTS + 1)],
            "sex": draw.choice(["female", "male"], PATIENTS), "age (years)": age.astype(int),
            "case": np.where(case, "yes", "no"),
        }
    )  # fmt: skip
    copies[draw.random(copies.shape) < MISSING] = -1
    return Study(sites, copies, sheet, causal if odds != 1 else (), population)


def _sites(draw: np.random.Generator) -> pd.DataFrame:
    """Rare variants within genes, and common ones between them, in the order of the genome."""
    many = GENES * EACH
    gene = np.repeat(np.arange(GENES), EACH)
    kinds = draw.choice([*DAMAGING, MILD], many, p=[0.1, 0.1, 0.45, 0.35])
    chromosome = np.concatenate([gene * 3 // GENES, np.arange(COMMON) * 3 // COMMON]) + 1
    within = np.concatenate([(gene % 100) * 1_000_000, (np.arange(COMMON) % 300) * 333_000])
    start = np.concatenate([np.tile(np.arange(EACH) * 900, GENES), np.full(COMMON, 500_000)])
    position = 5_000_000 + within + start + draw.integers(0, 800, many + COMMON)
    reference = draw.integers(0, 4, many + COMMON)
    other = (reference + draw.integers(1, 4, many + COMMON)) % 4
    table = pd.DataFrame(
        {
            "chromosome": chromosome, "position": position,
            "reference": [BASES[k] for k in reference], "alternative": [BASES[k] for k in other],
            "gene": [f"GENE{k + 1:03d}" for k in gene] + [""] * COMMON,
            "consequence": [*kinds.tolist(), *[""] * COMMON],
        }
    )  # fmt: skip
    return table.sort_values(["chromosome", "position"], kind="stable").reset_index(drop=True)


def _frequencies(
    sites: pd.DataFrame, risky: NDArray[np.bool_], draw: np.random.Generator
) -> NDArray[np.float64]:
    """(sites, populations)."""
    common = (sites["gene"] == "").to_numpy()
    ancestral = np.where(
        common, draw.uniform(0.08, 0.92, len(sites)), draw.uniform(0.0008, 0.004, len(sites))
    )
    ancestral = np.where(risky, draw.uniform(0.004, 0.006, len(sites)), ancestral)
    shape = (1 - DRIFT) / DRIFT
    drifted = draw.beta(
        (ancestral * shape)[:, None], ((1 - ancestral) * shape)[:, None],
        (len(sites), len(POPULATIONS)),
    )  # fmt: skip
    return np.where(common[:, None], np.clip(drifted, 0.01, 0.99), ancestral[:, None])


def _relatives(
    copies: NDArray[np.int8], population: NDArray[np.int64], draw: np.random.Generator
) -> NDArray[np.int8]:
    """Some patients as children of two others, and the last as the first once more."""
    found = copies.copy()
    for child in range(CHILDREN):
        mother, father = 20 + 3 * child, 21 + 3 * child
        handed = [draw.random(len(copies)) < copies[:, parent] / 2 for parent in (mother, father)]
        found[:, 22 + 3 * child] = handed[0].astype(np.int8) + handed[1]
        population[22 + 3 * child] = population[mother]
    found[:, -1] = found[:, 0]
    population[-1] = population[0]
    return found


def vcf_text(study: Study) -> str:
    """As VCF 4.2."""
    cells = np.array(["0/0", "0/1", "1/1", "./."], dtype=object)
    names = "\t".join(study.sheet["patient"])
    rows = [f"{HEAD}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{names}"]
    for site, copies in zip(study.sites.to_dict("records"), study.copies, strict=True):
        gene, other = site["gene"], site["alternative"]
        info = f"ANN={other}|{site['consequence']}||{gene}" if gene else "."
        if site["consequence"] == DAMAGING[0] and gene in study.causal:
            info += ";CLNSIG=Likely_pathogenic"
        rows.append(
            f"chr{site['chromosome']}\t{site['position']}\t.\t{site['reference']}\t{other}\t.\t"
            f"PASS\t{info}\tGT\t" + "\t".join(cells[copies])
        )
    return "\n".join(rows) + "\n"


def write(path: Path) -> None:
    """Write sheet and variants as one ZIP, the same bytes each time."""
    study = risk_genes()
    sheet = [",".join(study.sheet.columns)]
    sheet += [",".join(map(str, row)) for row in study.sheet.itertuples(index=False)]
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as file:
        file.write(vcf_text(study).encode())
    contents = (("\n".join(sheet) + "\n").encode(), packed.getvalue())
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in zip(FILES, contents, strict=True):
            told = zipfile.ZipInfo(name, STARTED)
            told.compress_type = zipfile.ZIP_STORED
            archive.writestr(told, data)
