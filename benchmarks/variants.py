"""What is claimed of variants: python -m benchmarks.variants [NAME ...] [--seeds N]

planted    all six planted genes among the first ten, and the share of false reports
nothing    no gene reported where none carries risk
genomes    parents, children and ancestry of 3,202 people (1000 Genomes)
reading    seconds and memory of 100,000 sites x 500 samples
"""

from __future__ import annotations

import argparse
import gzip
import io
import resource
import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pmed_core.modalities.variants.association import genes_to_test, null_model, ranked
from pmed_core.modalities.variants.catalogue import KEY, Catalogue, weight_of
from pmed_core.modalities.variants.encoder import learn_encoder
from pmed_core.modalities.variants.kinship import families, informative, related
from pmed_core.modalities.variants.risk_genes import RiskGenes
from pmed_core.modalities.variants.vcf import read_vcf
from pmed_core.samples.risk_genes import ODDS, Study, risk_genes

DATA = Path("../shared/data")
RARE, COMPONENTS = 0.01, 5
SITES, SAMPLES, NEAREST = 100_000, 500, 15


def known(study: Study) -> Catalogue:
    """Its variants as a model reads them."""
    names: dict[str, int] = {}
    links = [
        (row, names.setdefault(gene, len(names)), weight_of(terms))
        for row, (gene, terms) in enumerate(
            zip(study.sites["gene"], study.sites["consequence"], strict=True)
        )
        if gene
    ]
    variant, gene, weight = map(np.array, zip(*links, strict=True))
    table = study.sites[KEY].astype({"chromosome": "str"})
    return Catalogue(table, tuple(names), variant, gene, weight)


def tested(study: Study, seed: int) -> RiskGenes:
    """As a training tests the genes of a cohort."""
    catalogue = known(study)
    pairs = related(study.copies[informative(study.copies, catalogue.autosomal)])
    family = families(pairs, study.copies.shape[1])
    alone = np.unique(family, return_index=True)[1]
    copies = study.copies[:, alone]
    encoder = learn_encoder(catalogue, copies, RARE, COMPONENTS, np.arange(len(alone)))
    sheet = study.sheet.iloc[alone]
    covariates = np.column_stack(
        [encoder.components(copies), (sheet["age (years)"] - 57) / 11, sheet["sex"] == "male"]
    ).astype(float)
    event = (sheet["case"] == "yes").to_numpy()
    genes, inflated, smallest, given = ranked(
        catalogue, genes_to_test(catalogue, copies, RARE), null_model(event, covariates), seed
    )
    return RiskGenes(
        genes,
        len(alone),
        int(event.sum()),
        (),
        inflated,
        smallest,
        RARE,
        (f"{len(pairs)} pairs",),
        given,
    )


def planted(seeds: int, odds: float = ODDS) -> None:
    """Over draws of the simulation."""
    first, false, any_at_all, inflated, found = 0, list[float](), 0, list[float](), 0
    small = list[float]()
    for seed in range(1000, 1000 + seeds):
        study = risk_genes(seed, odds)
        genes = tested(study, seed)
        reported, causal = [gene.name for gene in genes.reported], set(study.causal)
        first += causal <= {gene.name for gene in genes.genes[:10]}
        false.append(sum(name not in causal for name in reported) / max(len(reported), 1))
        found += sum(name in causal for name in reported)
        any_at_all += bool(reported)
        inflated.append(genes.inflation)
        rest = [gene.p for gene in genes.genes if gene.name not in causal]
        small.append(float((np.array(rest) < 0.05).mean()))
    spread = 1.96 * np.std(false) / np.sqrt(seeds)
    print(f"odds ratio {odds:g}, {seeds} cohorts of 500 patients and 300 genes:")
    print(f"  any gene reported: {any_at_all}; genomic inflation {np.mean(inflated):.3f}")
    print(f"  p below 0.05 in {np.mean(small):.4f} of the genes that carry no risk")
    if odds != 1:
        print(f"  all six among the first ten: {first}; found of six {found / seeds:.2f}")
        print(f"  share of false reports {np.mean(false):.3f} ± {spread:.3f}")


def genomes() -> None:
    """Kinship against the sheet, and ancestry told by components of a third of the founders."""
    data = (DATA / "genomes_1000g_3202.vcf.gz").read_bytes()
    started = time.perf_counter()
    found, _ = read_vcf(data, "genomes")
    print(f"read in {time.perf_counter() - started:.1f} s: {found.calls.shape}")
    sheet = pd.read_csv(DATA / "genomes_1000g_3202_samples.csv", dtype=str).set_index("sample")
    sheet = sheet.loc[list(found.samples)]
    copies, autosomal = found.copies(), (found.sites["chromosome"] != "X").to_numpy()
    started = time.perf_counter()
    pairs = related(copies[informative(copies, autosomal)])
    print(f"kinship in {time.perf_counter() - started:.1f} s: {len(pairs)} pairs")
    _against_the_sheet({(p.first, p.second) for p in pairs}, sheet)
    _ancestry(copies, autosomal, sheet)


def _against_the_sheet(pairs: set[tuple[int, int]], sheet: pd.DataFrame) -> None:
    place = {str(one): k for k, one in enumerate(sheet.index)}
    parents, siblings = set[tuple[int, int]](), set[tuple[int, int]]()
    of: dict[tuple[str, str], list[int]] = {}
    for name, father, mother in sheet[["PAT", "MAT"]].itertuples():
        mine = place[str(name)]
        for parent in (father, mother):
            if parent in place:
                parents.add((min(mine, place[parent]), max(mine, place[parent])))
        if father != "0" and mother != "0":
            siblings |= {(other, mine) for other in of.setdefault((father, mother), [])}
            of[father, mother].append(mine)
    names = list(map(str, sheet.index))
    print(f"  parents and children: {len(parents & pairs)} of {len(parents)}")
    print(f"  siblings: {len(siblings & pairs)} of {len(siblings)}")
    rest = sorted(pairs - parents - siblings)
    print(
        f"  not in the sheet: {len(rest)}: " + ", ".join(f"{names[a]}-{names[b]}" for a, b in rest)
    )


def _ancestry(copies: NDArray[np.int8], autosomal: NDArray[np.bool_], sheet: pd.DataFrame) -> None:
    founders = np.flatnonzero((sheet["PAT"] == "0").to_numpy() & (sheet["MAT"] == "0").to_numpy())
    nowhere = np.empty(0, dtype=np.int64)
    table = pd.DataFrame({"chromosome": np.where(autosomal, "1", "X")})
    catalogue = Catalogue(table, (), nowhere, nowhere, np.empty(0))
    learnt = founders[::3]
    encoder = learn_encoder(catalogue, copies[:, learnt], RARE, 4, np.arange(len(learnt)))
    components, of = encoder.components(copies), sheet["SuperPop"].to_numpy()
    others = np.setdiff1d(np.arange(len(of)), learnt)
    distance = ((components[others, None] - components[learnt][None]) ** 2).sum(axis=2)
    nearest = of[learnt][np.argsort(distance, axis=1)[:, :NEAREST]]
    told = pd.DataFrame(nearest).mode(axis=1)[0].to_numpy()
    print(f"  ancestry, {len(learnt)} founders learnt from, {len(others)} others told:")
    for name in np.unique(of):
        mine = of[others] == name
        print(f"    {name}: {(told[mine] == name).mean():.3f} of {mine.sum()}")


def reading() -> None:
    """A file made here, plain and with depths and likelihoods beside each genotype."""
    draw = np.random.default_rng(0)
    for rest, keys in (("", "GT"), (":12,10:22:99:255,0,255", "GT:AD:DP:GQ:PL")):
        cells = np.array([one + rest for one in ("0/0", "0/1", "1/1", "./.")], dtype=object)
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
            names = "\t".join(f"S{k}" for k in range(SAMPLES))
            file.write(f"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT"
                       f"\t{names}\n".encode())  # fmt: skip
            for k in range(SITES):
                copies = draw.binomial(2, 0.5 * draw.random() ** 3, SAMPLES)
                copies[draw.random(SAMPLES) < 0.005] = 3
                row = "\t".join(cells[copies])
                file.write(
                    f"1\t{1000 + 20 * k}\trs{k}\tA\tG\t50\tPASS\t.\t{keys}\t{row}\n".encode()
                )
        started = time.perf_counter()
        found, _ = read_vcf(packed.getvalue(), "made.vcf.gz")
        seconds = time.perf_counter() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{keys}: {found.calls.shape} in {seconds:.1f} s, {memory:,.0f} MB at most")


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("names", nargs="*", default=["planted", "nothing", "genomes", "reading"])
    given.add_argument("--seeds", type=int, default=100)
    asked = given.parse_args()
    work = {
        "planted": lambda: planted(asked.seeds), "nothing": lambda: planted(asked.seeds, 1.0),
        "genomes": genomes, "reading": reading,
    }  # fmt: skip
    for name in asked.names:
        work[name]()


if __name__ == "__main__":
    main()
