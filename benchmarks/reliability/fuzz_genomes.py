"""Small whole files of variants, sequences and expression."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import numpy as np

from tests.expression.test_reading import gct, h5ad
from tests.variants.test_bcf import DECLARED, RECORDS
from tests.variants.written import bcf, bgzip, vcf


def genomes() -> dict[str, bytes]:
    """File name -> a small whole file of that format."""
    draw = np.random.default_rng(0)
    text = vcf([*RECORDS, *_sites(draw)], head=DECLARED)
    letters = ["".join(draw.choice(list("ACGTN"), 80)) for _ in range(30)]
    fasta = "".join(f">s{k} label={k % 2}\n{one}\n" for k, one in enumerate(letters)).encode()
    with tempfile.TemporaryDirectory() as folder:
        binary, matrix = bcf(Path(folder), text), h5ad(Path(folder) / "a.h5ad").read_bytes()
    return {
        "a.vcf": text, "a.vcf.gz": bgzip(text),
        "a.bcf": binary, "plain.bcf": gzip.decompress(binary),
        "a.fa": fasta, "a.fa.gz": gzip.compress(fasta), "a.gct": gct().encode(), "a.h5ad": matrix,
    }  # fmt: skip


def _sites(draw: np.random.Generator) -> list[str]:
    return [
        f"chrX {5_000_001 + k} . A G . PASS AF=0.{k + 1} GT:DP 0/{one}:7 1|1:{9 * k}"
        for k, one in enumerate(draw.integers(0, 2, 40).tolist())
    ]
