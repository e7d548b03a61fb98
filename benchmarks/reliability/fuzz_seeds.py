"""Small whole files of every format that is read."""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pandas as pd
import pydicom.data
import pyreadstat
import tifffile
import xlwt
from PIL import Image
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless
from rdkit import Chem

from benchmarks.reliability.fuzz_genomes import genomes
from tests.readers import sas
from tests.readers.binary_workbooks import binary_workbook
from tests.scans.made import dicom, png, saved, spotted, zipped

ODS = (
    'urn:oasis:names:tc:opendocument:xmlns:{0}:1.0"',
    "application/vnd.oasis.opendocument.spreadsheet",
)
EXCEL_2003 = (
    '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss='
    '"urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="A"><Table>'
)


def seeds() -> dict[str, bytes]:
    """File name -> a small whole file of that format."""
    pictures = _pictures() | _dicom_files() | _dicom_of_others()
    return _tables() | _packed_tables() | _molecules() | pictures | genomes()


def patients() -> pd.DataFrame:
    """A table of nobody."""
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {"id": [f"P{n}" for n in range(40)], "age": draw.integers(20, 90, 40),
         "dose": draw.normal(5, 1, 40).round(3), "dead": draw.integers(0, 2, 40)}
    )  # fmt: skip


def _tables() -> dict[str, bytes]:
    table = patients()
    csv = table.to_csv(index=False).encode()
    dates = table.assign(seen=pd.date_range("2020-02-27", periods=40).strftime("%d/%m/%Y"))
    made = {
        "a.csv": csv, "a.tsv": table.to_csv(index=False, sep="\t").encode(),
        "dates.csv": dates.to_csv(index=False, sep=";", decimal=",").encode("utf-16"),
        "a.csv.gz": gzip.compress(csv), "tables.zip": zipped({"a.csv": csv}),
        "a.json": table.to_json(orient="records").encode(),
        "a.jsonl": table.to_json(orient="records", lines=True).encode(),
        "a.html": table.to_html(index=False).encode(),
        "xml.xls": _excel_2003(table), "a.xls": _old_workbook(table),
        "a.ods": _open_document(table),
        "a.xlsb": binary_workbook({"A": _rows(table)}),
        "a.sas7bdat": sas.PLAIN, "packed.sas7bdat": sas.COMPRESSED,
    }  # fmt: skip
    writers: dict[str, Callable[[str], object]] = {
        "a.xlsx": lambda to: table.to_excel(to, index=False),
        "a.parquet": table.to_parquet,
        "a.feather": table.to_feather,
        "a.sav": lambda to: pyreadstat.write_sav(table, to),
        "a.zsav": lambda to: pyreadstat.write_sav(table, to, compress=True),
        "a.dta": lambda to: pyreadstat.write_dta(table, to),
        "a.xpt": lambda to: pyreadstat.write_xport(table, to),
        "a.por": lambda to: pyreadstat.write_por(table, to),
    }
    return made | {name: _through(name, write) for name, write in writers.items()}


def _packed_tables() -> dict[str, bytes]:
    """Tables inside of something, and the richer kinds of what ``_tables`` holds."""
    table = patients()
    dated = table.assign(seen=pd.date_range("2020-02-27", periods=40), sex=["m", "f"] * 20)
    csv = table.to_csv(index=False).encode()
    book = _through("a.xlsx", lambda to: dated.to_excel(to, index=False))
    made = {
        "book.xlsx.gz": gzip.compress(book), "book.zip": zipped({"a.xlsx": book}),
        "two.zip": zipped({"a.csv": csv, "b.csv": csv}),
        "nested.json": b'{"patients": %b}' % table.to_json(orient="records").encode(),
    }  # fmt: skip
    for name in ("DEFLATED", "BZIP2", "LZMA"):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", getattr(zipfile, f"ZIP_{name}")) as archive:
            archive.writestr("a.csv", csv)
        made[f"{name.lower()}.zip"] = held.getvalue()
    writers: dict[str, Callable[[str], object]] = {
        "zstd.parquet": lambda to: dated.astype({"sex": "category"}).to_parquet(
            to, compression="zstd"
        ),
        "dated.dta": lambda to: dated.to_stata(to, write_index=False, version=118),
        "dated.feather": lambda to: dated.to_feather(to, compression="lz4"),
    }
    return made | {name: _through(name, write) for name, write in writers.items()}


def _molecules() -> dict[str, bytes]:
    """SDF of both versions, a MOL file, and SMILES and InChI in a table."""
    smiles = ["CCO", "c1ccccc1", "C[C@H](N)C(=O)O", "CC(=O)[O-].[Na+]", "Oc1ccccn1", "C1CCNCC1"]
    blocks = [
        Chem.MolToMolBlock(Chem.MolFromSmiles(one), forceV3000=k % 2 == 1)
        for k, one in enumerate(smiles)
    ]
    sdf = "".join(
        f"{block}>  <active>  ({k})\n{k % 2}\n\n> <note>\nof two\nlines\n\n$$$$\n"
        for k, block in enumerate(blocks)
    ).encode()
    to_inchi: Callable[[Any], str] = Chem.MolToInchi
    inchi = [to_inchi(Chem.MolFromSmiles(one)) for one in smiles]
    table = pd.DataFrame({"smiles": smiles, "inchi": inchi, "active": [0, 1] * 3})
    return {
        "a.sdf": sdf, "a.sdf.gz": gzip.compress(sdf), "a.mol": blocks[1].encode(),
        "mols.zip": zipped({f"{k}.mol": block.encode() for k, block in enumerate(blocks)}),
        "smiles.csv": table.to_csv(index=False).encode(),
    }  # fmt: skip


def _rows(table: pd.DataFrame) -> list[list[Any]]:
    return [[str(name) for name in table], *table.values.tolist()]


def _through(name: str, write: Callable[[str], object]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        write(str(path))
        return path.read_bytes()


def _excel_2003(table: pd.DataFrame) -> bytes:
    rows = [
        "".join(f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row)
        for row in _rows(table)
    ]
    body = "".join(f"<Row>{row}</Row>" for row in rows)
    return f"{EXCEL_2003}{body}</Table></Worksheet></Workbook>".encode()


def _old_workbook(table: pd.DataFrame) -> bytes:
    book, held = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("A")
    for at, row in enumerate(_rows(table)):
        for column, cell in enumerate(row):
            sheet.write(at, column, cell)
    book.save(held)
    return held.getvalue()


def _open_document(table: pd.DataFrame) -> bytes:
    spaces = " ".join(f'xmlns:{n}="{ODS[0].format(n)}' for n in ("office", "table", "text"))
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p>'
            "</table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in _rows(table)
    )
    return zipped(
        {
            "mimetype": ODS[1].encode(),
            "META-INF/manifest.xml": f'<manifest xmlns="{ODS[0].format("manifest")}/>'.encode(),
            "content.xml": (
                f"<office:document-content {spaces}><office:body><office:spreadsheet>"
                f'<table:table table:name="A">{rows}</table:table></office:spreadsheet>'
                "</office:body></office:document-content>"
            ).encode(),
        }
    )


def _pictures() -> dict[str, bytes]:
    pixels, draw = spotted(1)[0], np.random.default_rng(0)
    values = draw.integers(0, 90, (9, 8, 7)).astype("i2")
    nifti = bytes(nibabel.nifti1.Nifti1Image(values, np.eye(4)).to_bytes())  # type: ignore[no-untyped-call]
    second = bytes(nibabel.nifti2.Nifti2Image(values, np.eye(4)).to_bytes())  # type: ignore[no-untyped-call]
    deep = (pixels.astype(np.uint16) * 200)[..., None].repeat(3, axis=2)
    made = {
        "a.png": png(pixels), "a.nii": nifti, "second.nii": second,
        "a.nii.gz": gzip.compress(nifti),
        "scans.zip": zipped({f"{k}.png": png(spotted(k)[0]) for k in range(4)}),
        "labelled.zip": zipped(
            {f"{k}.png": png(spotted(k)[0]) for k in range(4)}
            | {"masks/1.png": png(pixels > 120)}
            | {"labels.csv": b"file,label\n0.png,ill\n1.png,well\n"}
        ),
    }  # fmt: skip
    for name, compression in (("a.tif", None), ("lzw.tif", "lzw"), ("zstd.tif", "zstd")):
        written = io.BytesIO()
        tifffile.imwrite(written, pixels, compression=compression)
        made[name] = written.getvalue()
    stack = io.BytesIO()
    tifffile.imwrite(stack, np.stack([deep, deep]), bigtiff=True, photometric="rgb")
    written = io.BytesIO()
    Image.fromarray(pixels).save(written, "JPEG")
    affine = np.diag([1.0, 1.0, 3.0, 1.0])
    volume = gzip.compress(bytes(nibabel.nifti1.Nifti1Image(values, affine).to_bytes()))  # type: ignore[no-untyped-call]
    made["volumes.zip"] = zipped({f"p{k}/t1.nii.gz": volume for k in range(3)})
    return made | {"big.tif": stack.getvalue(), "a.jpg": written.getvalue()}


def _dicom_files() -> dict[str, bytes]:
    frames = np.random.default_rng(1).integers(0, 900, (3, 64, 64)).astype(np.uint16)
    several = dicom(
        Rows=64, Columns=64, NumberOfFrames=3, PixelRepresentation=0, PixelData=frames.tobytes()
    )
    several["PixelData"].VR = "OW"
    made = {"a.dcm": saved(dicom()), "frames.dcm": saved(several)}
    for name, syntax in (
        ("rle.dcm", RLELossless), ("j2k.dcm", JPEG2000Lossless), ("jls.dcm", JPEGLSLossless),
    ):  # fmt: skip
        one = dicom(
            Rows=64, Columns=64, PixelRepresentation=0, PixelData=frames[0].tobytes(), Modality="MR"
        )
        one["PixelData"].VR = "OW"
        one.compress(syntax, generate_instance_uid=False)
        made[name] = saved(one)
    return made | {"baseline.dcm": _baseline()}


OTHERS = (
    "CT_small.dcm", "MR_small_bigendian.dcm", "MR_small_implicit.dcm", "JPGExtended.dcm",
    "SC_rgb_jpeg_gdcm.dcm", "SC_rgb_jpeg_dcmtk.dcm", "JPEGLSNearLossless_16.dcm",
    "JPEG2000.dcm", "image_dfl.dcm", "SC_rgb_rle_2frame.dcm", "liver_1frame.dcm", "rtdose.dcm",
)  # fmt: skip
"""Of what pydicom brings along: every syntax, a segmentation, and what is no picture."""


def _dicom_of_others() -> dict[str, bytes]:
    """Files of other programs, and series of them."""
    folder = Path(pydicom.data.__file__).parent / "test_files"
    made = {f"other_{name}": _without_names(folder / name) for name in OTHERS}
    slices = {f"CT/{k}.dcm": saved(dicom(SOPInstanceUID=f"1.2.3.{k}", InstanceNumber=k,
              ImagePositionPatient=[0, 0, 2 * k], ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
              SeriesInstanceUID="1.2.3")) for k in range(5)}  # fmt: skip
    mixed = {f"{k}.dcm": data for k, data in enumerate(made.values())}
    return made | {"series.zip": zipped(slices), "mixed.zip": zipped(mixed)}


def _without_names(path: Path) -> bytes:
    """A file whose picture is said to show no name, so that its pixels are looked at."""
    one = pydicom.dcmread(path)
    one.BurnedInAnnotation = "NO"
    return saved(one)


def _baseline() -> bytes:
    """A JPEG inside of DICOM."""
    from pydicom.encaps import encapsulate

    held = io.BytesIO()
    Image.fromarray(spotted(1)[0]).save(held, "JPEG")
    one = dicom(
        Rows=28, Columns=28, BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0,
        PixelData=encapsulate([held.getvalue()]),
    )  # fmt: skip
    one["PixelData"].VR, one["PixelData"].is_undefined_length = "OB", True
    one.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    return saved(one)
