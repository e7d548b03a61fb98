"""Scoring files of polygenic scores, as the PGS Catalog lays them out, read strictly.

Format 2.0 (Lambert et al., Nat Genet 2021;53:420-425): lines ``#key=value``, then a table with a
weight a variant. Harmonised files name the places on a build that the catalog mapped them to.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pmed_core.errors import UserError
from pmed_core.modalities.variants.builds import WORDS, spelt
from pmed_core.modalities.variants.unpacking import lines

LETTERS = re.compile(r"^[ACGT]+$")
NOT_SUMS = ("is_haplotype", "is_diplotype", "is_interaction")
"""Columns that mark a row as more than a weight times copies of one allele."""
BY_DOSAGE = ("dosage_0_weight", "dosage_1_weight", "dosage_2_weight")
TRUE = ("true", "1", "yes")
NEEDED = {
    "effect_allele": "which allele is counted",
    "effect_weight": "what each copy adds",
}
WHERE = (("hm_chr", "hm_pos"), ("chr_name", "chr_position"))
"""Columns of the place, those that the catalog mapped first."""
REMEDY = "Download the scoring file from the PGS Catalog again, harmonised to the genome's build."
RATIOS = re.compile(r"\b(?:OR|HR|RR|odds|hazard|ratio)\b", re.IGNORECASE)
NOT_TOLD = ("", "NR", "NA")
SHOWN = 3


@dataclass(frozen=True, eq=False)
class Weights:
    """What a scoring file holds.

    Attributes:
        name, trait: of the score, as far as the file tells.
        build: whose positions the rows have; empty where the file does not tell.
        rows: ``chromosome``, ``position`` (from 1), ``effect``, ``other`` (empty: not told),
            ``weight``, ``frequency`` of the effect allele (NaN: not told), ``model``:
            "additive", "dominant" or "recessive".
        notes: what was set aside.
    """

    name: str
    trait: str
    build: str
    rows: pd.DataFrame
    notes: tuple[str, ...]


def read_weights(data: bytes, name: str) -> Weights:
    """Raises ``UserError``: what is wrong, in which row, and what to do."""
    header, table = _split(data, name)
    notes = _said_of(header)
    for column, what in NEEDED.items():
        if column not in table:
            raise UserError(f"It has no column '{column}', {what}", name, REMEDY)
    chromosome, position, build = _places(table, header, name)
    _no_more_than_sums(table, name)
    unplaced = (chromosome == "") | (position == "")
    rows = pd.DataFrame({
        "chromosome": [spelt(one) for one in chromosome], "position": position,
        "effect": table["effect_allele"].str.upper(), "other": _others(table),
        "weight": table["effect_weight"], "model": _models(table, name),
        "frequency": _numbers(_column(table, "allelefrequency_effect"), name, "a frequency", ""),
    })[~unplaced]  # fmt: skip
    if unplaced.any():
        notes.append(f"{int(unplaced.sum()):,} of {len(table):,} rows name no place, and are left "
                     "out.")  # fmt: skip
    if rows.empty:
        raise UserError("No row names a place on a chromosome", name, REMEDY)
    rows["position"] = _whole(rows["position"], name)
    rows["weight"] = _numbers(rows["weight"], name, "a weight", "effect_weight")
    rows = _single(_lettered(rows, name, notes), name, notes)
    told = header.get("pgs_id", "") or header.get("pgs_name", "")
    return Weights(
        told or name, header.get("trait_reported", ""), build, rows.reset_index(drop=True),
        tuple(notes),
    )  # fmt: skip


def _split(data: bytes, name: str) -> tuple[dict[str, str], pd.DataFrame]:
    header: dict[str, str] = {}
    table: list[str] = []
    for number, line in enumerate(lines(data, name), 1):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r")
        except UnicodeDecodeError as error:
            raise UserError(f"Line {number:,} is no text", name, REMEDY) from error
        if not table and text.startswith("#"):
            key, _, value = text.lstrip("#").partition("=")
            header[key.strip().lower()] = value.strip()
        elif text.strip():
            table.append(text)
    if not table:
        raise UserError("There is no table of weights in it", name, REMEDY)
    separator = "\t" if "\t" in table[0] else ","
    width = table[0].count(separator)
    names = [one.strip() for one in table[0].split(separator)]
    if twice := next((one for one in names if names.count(one) > 1), ""):
        raise UserError(f"Two columns are called '{twice[:40]}'", name, REMEDY)
    for number, text in enumerate(table):
        if text.count(separator) != width and '"' not in text:
            raise UserError(
                f"Row {number} of the weights has {text.count(separator) + 1} cells, where the "
                f"header names {width + 1}", name, REMEDY,
            )  # fmt: skip
    cells = pd.read_csv(
        io.StringIO("\n".join(table)), sep=separator, dtype=str, keep_default_na=False
    )
    return header, cells.apply(lambda column: column.str.strip())


def _said_of(header: Mapping[str, str]) -> list[str]:
    """Of weights that may not be on the scale on which they add up."""
    typed = header.get("weight_type", "")
    if not RATIOS.search(typed):
        return []
    return [
        f"The file says that its weights are of the type '{typed[:40]}'. They are added as they "
        "stand, which is right of logarithms of ratios alone."
    ]


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name] if name in table else pd.Series([""] * len(table), dtype=str)


def _places(
    table: pd.DataFrame, header: Mapping[str, str], name: str
) -> tuple[pd.Series, pd.Series, str]:
    """Chromosome, position, and the build whose positions they are."""
    for chromosome, position in WHERE:
        if chromosome in table and position in table and (table[position] != "").any():
            key = "hmpos_build" if chromosome == "hm_chr" else "genome_build"
            return table[chromosome], table[position], _build(header.get(key, ""))
    raise UserError(
        "It names no places (chr_name and chr_position, or hm_chr and hm_pos)", name, REMEDY
    )


def _build(text: str) -> str:
    """A build as it is called here; one that is not known, such as NCBI36, as it is written."""
    if text.upper() in NOT_TOLD:
        return ""
    return next((build for build, pattern in WORDS.items() if pattern.search(text)), text[:40])


def _no_more_than_sums(table: pd.DataFrame, name: str) -> None:
    for column in NOT_SUMS:
        if column in table and table[column].str.lower().isin(TRUE).any():
            raise UserError(
                f"Some of its rows are more than one allele ('{column}')", name,
                "Only scores that add weights of single alleles are computed.",
            )  # fmt: skip
    if any(column in table and (table[column] != "").any() for column in BY_DOSAGE):
        raise UserError(
            "It has a weight for each number of copies (dosage_0_weight …)", name,
            "Only scores that add weights of single alleles are computed.",
        )  # fmt: skip


def _others(table: pd.DataFrame) -> pd.Series:
    told = _column(table, "other_allele").str.upper()
    mapped = _column(table, "hm_inferotherallele").str.upper()
    return told.where(told != "", mapped.where(mapped.str.match(LETTERS), ""))


def _models(table: pd.DataFrame, name: str) -> pd.Series:
    dominant, recessive = (
        _column(table, f"is_{one}").str.lower().isin(TRUE) for one in ("dominant", "recessive")
    )
    typed = _column(table, "effect_type").str.lower()
    dominant, recessive = dominant | (typed == "dominant"), recessive | (typed == "recessive")
    strange = ~typed.isin(("", "additive", "dominant", "recessive"))
    if (dominant & recessive).any() or strange.any():
        row = int(np.flatnonzero((dominant & recessive) | strange)[0]) + 1
        raise UserError(f"Row {row:,} tells no way to count its allele", name, REMEDY)
    both = np.where(dominant, "dominant", np.where(recessive, "recessive", "additive"))
    return pd.Series(both, dtype=str)


def _whole(texts: pd.Series, name: str) -> pd.Series:
    plain = texts.str.replace(r"\.0+$", "", regex=True)
    if not plain.str.fullmatch(r"[1-9]\d{0,8}").all():
        wrong = texts[~plain.str.fullmatch(r"[1-9]\d{0,8}")].iloc[0]
        raise UserError(f"'{wrong}' is no position", name, REMEDY)
    return plain.astype(np.int64)


def _numbers(texts: pd.Series, name: str, what: str, needed: str) -> pd.Series:
    """As numbers; NaN where a cell is empty and the column is not ``needed``."""
    found = pd.to_numeric(texts.where(texts != "", None), errors="coerce")
    wrong = ~np.isfinite(found) & ((texts != "") | bool(needed))
    if wrong.any():
        raise UserError(f"'{texts[wrong].iloc[0]}' is not {what}", name, REMEDY)
    return found.astype(np.float64)


def _lettered(rows: pd.DataFrame, name: str, notes: list[str]) -> pd.DataFrame:
    """Without rows whose alleles are no letters, such as those of HLA."""
    plain = rows["effect"].str.match(LETTERS) & (
        rows["other"].str.match(LETTERS) | (rows["other"] == "")
    )
    if not plain.any():
        raise UserError("No row names its alleles by letters", name, REMEDY)
    if (~plain).any():
        odd = ", ".join(rows["effect"][~plain].unique()[:SHOWN])
        notes.append(f"{int((~plain).sum()):,} rows name alleles that are no letters ({odd}), and "
                     "are left out.")  # fmt: skip
    return rows[plain]


def _single(rows: pd.DataFrame, name: str, notes: list[str]) -> pd.DataFrame:
    """Each variant once; raises ``UserError`` where it has two weights."""
    keys = ["chromosome", "position", "effect", "other"]
    once = rows.drop_duplicates([*keys, "weight", "model"])
    if once.duplicated(keys).any():
        twice = once[once.duplicated(keys)].iloc[0]
        raise UserError(
            f"Position {twice['position']:,} of chromosome {twice['chromosome']} has two weights "
            "for one allele", name, "Keep the one that is meant.",
        )  # fmt: skip
    if len(once) < len(rows):
        notes.append(f"{len(rows) - len(once):,} rows stand twice alike, and count once.")
    return once
