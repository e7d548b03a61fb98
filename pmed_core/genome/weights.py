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
from pmed_core.quantity import counted

LETTERS = re.compile(r"^[ACGT]+$")
NOT_SUMS = ("is_haplotype", "is_diplotype", "is_interaction")
"""Columns that mark a row as more than a weight times copies of one allele."""
BY_DOSAGE = ("dosage_0_weight", "dosage_1_weight", "dosage_2_weight")
TRUE, FALSE = ("true", "1", "yes", "t", "y"), ("false", "0", "no", "f", "n", "", "na", "nr")
NEEDED = {
    "effect_allele": "which allele is counted",
    "effect_weight": "what each copy adds",
}
WHERE = (("hm_chr", "hm_pos"), ("chr_name", "chr_position"))
"""Columns of the place, those that the catalog mapped first."""
REMEDY = "Download the scoring file from the PGS Catalog again, harmonised to the genome's build."
RATIOS = re.compile(r"\b(?:OR|HR|RR|odds|hazard|ratio)\b", re.IGNORECASE)
LOGARITHMS = re.compile(r"\b(?:ln|log)", re.IGNORECASE)
NOT_TOLD = ("", "NR", "NA")
FORMER = {
    "pgs id": "pgs_id", "pgs name": "pgs_name", "reported trait": "trait_reported",
    "original genome build": "genome_build", "number of variants": "variants_number",
}  # fmt: skip
"""Keys of headers of format 1 -> those of format 2."""
NEAR_ONE, FEW = (0.5, 2.0), 5
"""Weights that all lie there and on both sides of 1 may be ratios, if they are not few."""
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
    notes = _said_of(header, len(table))
    _no_more_than_sums(table, name)
    for column, what in NEEDED.items():
        if column not in table:
            raise UserError(f"It has no column '{column}', {what}", name, REMEDY)
    chromosome, position, build = _places(table, header, name)
    unplaced = (chromosome == "") | (position == "")
    rows = pd.DataFrame({
        "chromosome": [spelt(one) for one in chromosome], "position": position,
        "effect": table["effect_allele"].str.upper(), "other": _others(table),
        "weight": table["effect_weight"], "model": _models(table, name),
        "frequency": _frequencies(table, name),
    })[~unplaced]  # fmt: skip
    if unplaced.any():
        names, are = ("names", "is") if unplaced.sum() == 1 else ("name", "are")
        notes.append(f"{int(unplaced.sum()):,} of {len(table):,} rows {names} no place, and {are} "
                     "left out.")  # fmt: skip
    if rows.empty:
        raise UserError("No row names a place on a chromosome", name, REMEDY)
    rows["position"] = _whole(rows["position"], name)
    rows["weight"] = _numbers(rows["weight"], name, "a weight", "effect_weight")
    notes += _of_ratios(header, table, rows["weight"])
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
            key = key.strip().lower()
            header[FORMER.get(key, key)] = value.strip()
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


def _said_of(header: Mapping[str, str], rows: int) -> list[str]:
    """Of a table that may be cut off."""
    many = header.get("variants_number", "").replace(",", "")
    if not many.isdecimal() or int(many) == rows:
        return []
    return [
        f"The header says {int(many):,} variants, and there {'is' if rows == 1 else 'are'} "
        f"{counted(rows, 'row')}: the file may have been cut off or filtered."
    ]


def _of_ratios(header: Mapping[str, str], table: pd.DataFrame, weights: pd.Series) -> list[str]:
    """Of weights that may not be on the scale on which they add up."""
    typed = header.get("weight_type", "") or " ".join(_column(table, "weight_type").unique())
    if LOGARITHMS.search(typed):
        return []
    if RATIOS.search(typed):
        said = f"The file says that its weights are of the type '{typed[:40]}'."
    elif (
        typed.upper() in NOT_TOLD and len(weights) > FEW
        and weights.between(*NEAR_ONE).all() and weights.min() < 1 < weights.max()
    ):  # fmt: skip
        said = (
            f"All weights lie around 1 ({weights.min():.3g} to {weights.max():.3g}), as ratios of "
            "odds or hazards do, and the file does not tell their type."
        )
    else:
        return []
    return [f"{said} They are added as they stand, which is right of logarithms of ratios alone."]


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
        if _flagged(table, column, name).any():
            raise UserError(
                f"Some of its rows are more than one allele ('{column}')", name,
                "Only scores that add weights of single alleles are computed.",
            )  # fmt: skip
    if any((~_column(table, one).str.upper().isin(NOT_TOLD)).any() for one in BY_DOSAGE):
        raise UserError(
            "It has a weight for each number of copies (dosage_0_weight …)", name,
            "Only scores that add weights of single alleles are computed.",
        )  # fmt: skip


def _flagged(table: pd.DataFrame, column: str, name: str) -> pd.Series:
    """Which rows a column of yes and no marks; raises ``UserError`` for anything else in it."""
    told = _column(table, column).str.lower()
    if (strange := ~told.isin((*TRUE, *FALSE))).any():
        raise UserError(
            f"'{told[strange].iloc[0][:40]}' in the column '{column}' is neither true nor false",
            name, REMEDY,
        )  # fmt: skip
    return told.isin(TRUE)


def _others(table: pd.DataFrame) -> pd.Series:
    told, former = (_column(table, f"{one}_allele").str.upper() for one in ("other", "reference"))
    # Format 1 calls it so; elsewhere that is the genome's, which may be the one that is counted.
    former = former.where(former != table["effect_allele"].str.upper(), "")
    told = told.where(told != "", former)
    mapped = _column(table, "hm_inferotherallele").str.upper()
    return told.where(told != "", mapped.where(mapped.str.match(LETTERS), ""))


def _models(table: pd.DataFrame, name: str) -> pd.Series:
    dominant, recessive = (_flagged(table, f"is_{one}", name) for one in ("dominant", "recessive"))
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


def _frequencies(table: pd.DataFrame, name: str) -> pd.Series:
    """Of the effect allele; raises ``UserError`` where one is none."""
    texts = _column(table, "allelefrequency_effect")
    found = _numbers(texts.where(~texts.str.upper().isin(NOT_TOLD), ""), name, "a frequency", "")
    if (wrong := ~(found.isna() | found.between(0, 1))).any():
        raise UserError(f"'{texts[wrong].iloc[0]}' is not a frequency", name, REMEDY)
    return found


def _lettered(rows: pd.DataFrame, name: str, notes: list[str]) -> pd.DataFrame:
    """Without rows whose alleles are no letters, such as those of HLA."""
    plain = rows["effect"].str.match(LETTERS) & (
        rows["other"].str.match(LETTERS) | (rows["other"] == "")
    )
    if not plain.any():
        raise UserError("No row names its alleles by letters", name, REMEDY)
    if (~plain).any():
        odd = ", ".join(rows["effect"][~plain].unique()[:SHOWN])
        many = int((~plain).sum())
        name_, are = ("names", "is") if many == 1 else ("name", "are")
        notes.append(f"{counted(many, 'row')} {name_} alleles that are no letters ({odd}), and "
                     f"{are} left out.")  # fmt: skip
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
        many = len(rows) - len(once)
        stand, count = ("stands", "counts") if many == 1 else ("stand", "count")
        notes.append(f"{counted(many, 'row')} {stand} twice alike, and {count} once.")
    return once
