"""Damaged files of every format that is read: each must be read or refused in a sentence.

    python -m benchmarks.reliability.fuzz --files 2000 --seconds 300

Prints how many were read, refused, or ended as a bug, by format; the same files each time.
"""

from __future__ import annotations

import argparse
import gzip
import io
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pyreadstat
import tifffile
from PIL import Image

from pmed_core.errors import UserError
from pmed_core.modalities.scan.sniffing import is_scans
from pmed_core.readers.scans import read_scans
from pmed_core.readers.tables import read_cohort
from tests.scans.made import dicom, png, saved, spotted, zipped

Result = tuple[str, str]


def seeds() -> dict[str, bytes]:
    """File name -> a small whole file of that format."""
    draw = np.random.default_rng(0)
    table = pd.DataFrame(
        {"id": [f"P{n}" for n in range(40)], "age": draw.integers(20, 90, 40),
         "dose": draw.normal(5, 1, 40).round(3), "dead": draw.integers(0, 2, 40)}
    )  # fmt: skip
    pixels = spotted(1)[0]
    csv = table.to_csv(index=False).encode()
    volume = nibabel.nifti1.Nifti1Image(draw.integers(0, 90, (9, 8, 7)).astype("i2"), np.eye(4))  # type: ignore[no-untyped-call]
    nifti = bytes(volume.to_bytes())
    made = {
        "a.csv": csv, "a.tsv": table.to_csv(index=False, sep="\t").encode(),
        "a.csv.gz": gzip.compress(csv), "tables.zip": zipped({"a.csv": csv}),
        "a.json": table.to_json(orient="records").encode(), "a.png": png(pixels),
        "a.dcm": saved(dicom()), "a.nii": nifti, "a.nii.gz": gzip.compress(nifti),
        "scans.zip": zipped({f"{k}.png": png(spotted(k)[0]) for k in range(4)}),
    }  # fmt: skip
    for name, write in _writers(table).items():
        made[name] = write()
    for name, compression in (("a.tif", None), ("lzw.tif", "lzw"), ("zstd.tif", "zstd")):
        written = io.BytesIO()
        tifffile.imwrite(written, pixels, compression=compression)
        made[name] = written.getvalue()
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "JPEG")
    return made | {"a.jpg": written.getvalue()}


def _writers(table: pd.DataFrame) -> dict[str, Callable[[], bytes]]:
    def through(name: str, write: Callable[[str], object]) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            write(str(path))
            return path.read_bytes()

    return {
        "a.xlsx": lambda: through("a.xlsx", lambda to: table.to_excel(to, index=False)),
        "a.parquet": lambda: through("a.parquet", table.to_parquet),
        "a.feather": lambda: through("a.feather", table.to_feather),
        "a.sav": lambda: through("a.sav", lambda to: pyreadstat.write_sav(table, to)),
        "a.dta": lambda: through("a.dta", lambda to: pyreadstat.write_dta(table, to)),
        "a.xpt": lambda: through("a.xpt", lambda to: pyreadstat.write_xport(table, to)),
        "a.por": lambda: through("a.por", lambda to: pyreadstat.write_por(table, to)),
    }


def mutated(data: bytes, draw: np.random.Generator) -> bytes:
    """One of: flipped bits, cut off, a range of zeros, a range twice, a length changed."""
    changed = bytearray(data)
    start = int(draw.integers(0, len(data)))
    length = int(draw.integers(1, max(2, len(data) // 8)))
    match int(draw.integers(0, 5)):
        case 0:
            for at in draw.integers(0, len(data), draw.integers(1, 9)).tolist():
                changed[at] ^= 1 << int(draw.integers(0, 8))
        case 1:
            del changed[start:]
        case 2:
            changed[start : start + length] = bytes(len(changed[start : start + length]))
        case 3:
            changed[start:start] = changed[start : start + length]
        case _:
            size = int(draw.choice([2, 4, 8]))
            value = int(draw.choice([0, 1, 2**15, 2**31 - 1, 2**32 - 1])) % 2 ** (8 * size)
            changed[start : start + size] = value.to_bytes(size, "little")
    return bytes(changed)


def outcome(path: Path) -> Result:
    """What becomes of a file, and for a bug what was raised where."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if is_scans(path):
                read_scans(path, key=b"k")
            else:
                read_cohort(path)
    except UserError:
        return "sentence", ""
    except Exception as error:  # noqa: BLE001 - what is looked for
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace else ""
        return "bug", f"{type(error).__name__} {place}"
    return "read", ""


def run(files: int, seconds: float) -> tuple[dict[str, Counter[str]], Counter[Result]]:
    """(format -> outcome -> how many, (format, bug) -> how many), until either limit."""
    made, draw, end = seeds(), np.random.default_rng(20261122), time.monotonic() + seconds
    counts: dict[str, Counter[str]] = {name: Counter() for name in made}
    bugs: Counter[Result] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for n in range(files):
            if time.monotonic() > end:
                break
            name = list(made)[n % len(made)]
            path = Path(folder) / name
            path.write_bytes(mutated(made[name], draw))
            found, why = outcome(path)
            counts[name][found] += 1
            if why:
                bugs[name, why] += 1
    return counts, bugs


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=300)
    given = parser.parse_args()
    counts, bugs = run(given.files, given.seconds)
    print(f"{'format':12} {'read':>7} {'sentence':>9} {'bug':>5}")
    for name, found in counts.items():
        print(f"{name:12} {found['read']:7,} {found['sentence']:9,} {found['bug']:5,}")
    total = sum(sum(found.values()) for found in counts.values())
    print(f"{total:,} files, {sum(bugs.values()):,} bugs")
    for (name, why), count in bugs.most_common():
        print(f"  {name}: {why} ({count})")


if __name__ == "__main__":
    main()
