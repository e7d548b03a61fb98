"""Which file names are tables and which are scans: said once, for the pages and the readers."""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib

TEXT = ("csv", "tsv", "tab", "txt", "dat", "fam", "ped", "psam")
WORKBOOKS = ("xlsx", "xlsm", "xltx", "xlsb", "xls", "ods")
STATISTICAL = ("sav", "zsav", "por", "dta", "sas7bdat", "xpt")
OTHER = ("parquet", "pq", "feather", "arrow", "json", "jsonl", "ndjson", "html", "htm", "xml")
MOLECULE = ("mol", "mdl")
"""One molecule a file."""
STRUCTURES = ("sdf", "sd", *MOLECULE)
LINES = ("smi", "smiles", "ism")
"""A molecule a line."""
MATRICES = ("gct", "h5ad")
SEQUENCES = ("fa", "fasta", "fna", "ffn", "frn", "fas", "faa")
VARIANTS = ("vcf", "bcf")
"""Genotypes."""
GENES = ("bed", "gff", "gff3", "gtf")
"""Where genes lie, beside a file of variants."""
PARTS = (*MOLECULE, *SEQUENCES)
"""Of which several in a ZIP are parts of one table."""
TABLES = (
    *TEXT, *WORKBOOKS, *STATISTICAL, *OTHER, *STRUCTURES, *LINES, *SEQUENCES, *MATRICES, *VARIANTS,
    *GENES,
)  # fmt: skip
"""Without the point. What stands in a file is told by its first bytes; the name only helps."""

SCANS = ("dcm", "png", "jpg", "jpeg", "tif", "tiff", "nii", "nii.gz")
PACKED = ("zip", "gz", "bgz")
"""A table or scans: what is inside tells."""


def ends_with(name: str, suffixes: tuple[str, ...]) -> bool:
    """Whether a file's name has one of these endings, in whatever case."""
    return name.lower().endswith(tuple(f".{suffix}" for suffix in suffixes))


def without_gzip(name: str) -> str:
    """A file's name as it is once it is unpacked."""
    return re.sub(r"\.b?gz$", "", name, flags=re.IGNORECASE)


def is_table_name(name: str) -> bool:
    """Whether a file of that name is meant as a table, packed by gzip or not."""
    return ends_with(without_gzip(name), TABLES) and not ends_with(name, SCANS)


def is_gene_name(name: str) -> bool:
    """Whether a file of that name says where genes lie, packed by gzip or not."""
    return ends_with(without_gzip(name), GENES)


BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, NotImplementedError, RuntimeError,
    EOFError, OSError, ValueError, LookupError,
)  # fmt: skip
"""What zipfile raises for a ZIP that is damaged or (RuntimeError) encrypted."""
