"""BCF is read as the VCF that it stands for, or refused in one sentence. htslib writes it here."""

from __future__ import annotations

import gzip
import re
import struct
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.modalities.variants.vcf import holds_vcf, read_vcf
from tests.variants.written import HEAD, bcf, bgzip, vcf

DECLARED = HEAD + "".join(
    f"##{line}\n" for line in (
        "contig=<ID=chrX,length=156040895>", 'FILTER=<ID=q10,Description="low, quality">',
        'INFO=<ID=AF,Number=A,Type=Float,Description="of alleles">',
        'INFO=<ID=CLNSIG,Number=.,Type=String,Description="of ClinVar">',
        'INFO=<ID=END,Number=1,Type=Integer,Description="of a block">',
        'INFO=<ID=DB,Number=0,Type=Flag,Description="in a database">',
        'INFO=<ID=DP,Number=1,Type=Integer,Description="reads">',
        'FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">',
        'FORMAT=<ID=DP,Number=1,Type=Integer,Description="reads">',
        'FORMAT=<ID=GQ,Number=1,Type=Integer,Description="quality">',
        'FORMAT=<ID=FT,Number=1,Type=String,Description="filter">',
        'FORMAT=<ID=AD,Number=R,Type=Integer,Description="reads of each allele">',
        'FORMAT=<ID=PS,Number=1,Type=Integer,Description="phase set">',
        'FORMAT=<ID=PL,Number=G,Type=Integer,Description="likelihoods">',
    )
)  # fmt: skip
RECORDS = (
    "chr1 100 rs1 A G . PASS AF=0.25;DB GT:AD:DP 0/1:3,2:5 1|1:0,9:9",
    "chr1 200 . AC G,T . q10 AF=0.5,.;CLNSIG=Pathogenic GT:DP:GQ ./.:.:. 1/2:7:0",
    "chr1 300 . A G,<NON_REF> . . DP=70000 GT:DP:GQ:PL 0/0:0:0:0,1,2,3,4,5 0|0:400:99:.",
    "chr1 400 . A <NON_REF> . . END=420 GT:DP 0/0:12 0/0:0",
    "chr1 500 . A G . . . GT:FT:PS 0/1:PASS:1 0|1:LowGQ:490",
    "chrX 5000000 . A G . . . GT 1 0/1",
)


def same(data: bytes, text: bytes) -> None:
    """Whether both say the same, in the account as well."""
    found, told = read_vcf(data, "x.bcf")
    wanted, said = read_vcf(text, "x.vcf")
    assert list(found.digested()) == list(wanted.digested())
    assert told == said


def test_a_file_of_htslib_is_read_as_its_text(tmp_path: Path) -> None:
    text = vcf(RECORDS, head=DECLARED)
    packed = bcf(tmp_path, text)
    for data in (packed, gzip.decompress(packed), bgzip(gzip.decompress(packed), 5)):
        assert holds_vcf(data, "x.bin")
        same(data, text)


CALL = st.tuples(
    st.sampled_from([".", "0", "1", "2", "3"]), st.sampled_from("/|"),
    st.sampled_from([".", "0", "1", "2", "12", "130"]), st.booleans(),
    st.sampled_from(["0", "7", "300", "70000", "."]), st.sampled_from(["PASS", "LowGQ", "."]),
)  # fmt: skip
RECORD = st.tuples(
    st.lists(CALL, min_size=3, max_size=3), st.sampled_from([".", "PASS", "q10"]),
    st.lists(st.sampled_from(["0.5", "0.001", "."]), min_size=130, max_size=130), st.booleans(),
)  # fmt: skip


def _written(
    records: Sequence[tuple[list[tuple[str, str, str, bool, str, str]], str, list[str], bool]],
) -> bytes:
    rows = []
    for k, (calls, passed, often, many) in enumerate(records):
        alternatives = ["A" * n for n in range(2, 132)] if many else ["G", "T", "AT"]
        top = len(alternatives)
        cells = []
        for first, apart, second, alone, depth, failed in calls:
            second = second if second == "." or int(second) <= top else "1"
            cells.append(f"{first if alone else first + apart + second}:{depth}:{failed}")
        said = f"AF={','.join(often[:top])}"
        alleles = f"A {','.join(alternatives)}"
        rows.append(f"chr1 {100 + k} . {alleles} . {passed} {said} GT:DP:FT {' '.join(cells)}")
    return vcf(rows, ("a", "b", "c"), DECLARED)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(records=st.lists(RECORD, min_size=1, max_size=4))
def test_any_genotypes_are_those_of_the_text(
    tmp_path: Path,
    records: list[tuple[list[tuple[str, str, str, bool, str, str]], str, list[str], bool]],
) -> None:
    text = _written(records)
    same(bcf(tmp_path, text), text)


@pytest.mark.parametrize(
    ("written", "other", "meant"),
    [
        (b"\x02\x04\x03\x81", b"\x02\x04\x03\x80", "0/1:LowGQ 0:PASS"),  # BCF 2.1, as GATK has it
        (b"\x02\x04\x03\x81", b"\x02\x04\x81\x81", "0/1:LowGQ .:PASS"),
        (b"\x02\x04\x03\x81", b"\x02\x04\x80\x81", "0/1:LowGQ .:PASS"),
        (b"PASS\0", b"\x07\0\0\0\0", "0/1:LowGQ 0:."),
    ],
)
def test_what_other_programs_write_is_read(
    tmp_path: Path, written: bytes, other: bytes, meant: str
) -> None:
    row = "chr1 100 . A G . PASS . GT:FT"
    data = gzip.decompress(bcf(tmp_path, vcf([f"{row} 0/1:LowGQ 0:PASS"], head=DECLARED)))
    assert data.count(written) == 1
    same(data.replace(written, other), vcf([f"{row} {meant}"], head=DECLARED))


def test_a_name_that_is_declared_twice_has_one_number(tmp_path: Path) -> None:
    """Without IDX, numbers are those of the order, which the second time does not change."""
    lines = [
        "contig=<ID=chr1,length=1000>", 'FILTER=<ID=q10,Description="low">',
        "contig=<ID=chr2,length=1000>", 'FILTER=<ID=q20,Description="low">',
        'FORMAT=<ID=GT,Number=1,Type=String,Description="genotype">',
    ]  # fmt: skip
    head = "##fileformat=VCFv4.2\n" + "".join(f"##{line}\n" for line in lines)
    text = vcf(["chr2 100 . A G . q20 . GT 0/1 1|1"], head=head)
    data = gzip.decompress(bcf(tmp_path, text))
    (size,) = struct.unpack_from("<I", data, 5)
    told = re.sub(rb",IDX=\d+", b"", data[9 : 9 + size])
    for line in lines[:2]:
        told = told.replace(f"##{line}\n".encode(), f"##{line}\n##{line}\n".encode())
    same(data[:5] + struct.pack("<I", len(told)) + told + data[9 + size :], text)


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    good = gzip.decompress(bcf(tmp_path, vcf(RECORDS, head=DECLARED)))
    (size,) = struct.unpack_from("<I", good, 5)
    third = good.replace(b"\ta\tb\n", b"\ta\tb\tc\n")
    third = third.replace(good[5:9], struct.pack("<I", size + 2), 1)
    first = 9 + size
    for data, sentence in (
        (b"BCF\x04\x02" + good[5:], "the header is of another version"),
        (good[: first - 5], "the header is cut off"),
        (good[:-3], "record 6 is cut off"),
        (good[:first] + b"\xff" * 8 + good[first + 8 :], "record 1 would have 4,294,967,295 bytes"),
        (good[: first + 8] + b"\x63" + good[first + 9 :], "a name with the number 99"),
        (good.replace(b"rs1", b"r\t1"), "record 1 has the end of a line or a zero within a word"),
        (third, "record 1 has 2 genotypes, the header 3 samples"),
        (
            good[:first] + struct.pack("<II", 5024, 0) + good[first + 8 : first + 32]
            + b"\xf1" * 5000,
            "record 1 does not say how long a row is",
        ),
    ):  # fmt: skip
        with pytest.raises(UserError, match=sentence):
            read_vcf(data, "x.bcf")


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4)
)
def test_a_changed_file_is_read_or_refused(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    kept = tmp_path / "kept.bcf"
    if not kept.exists():
        kept.write_bytes(gzip.decompress(bcf(tmp_path, vcf(RECORDS, head=DECLARED))))
    data = bytearray(kept.read_bytes())
    for at, to in changes:
        data[at % len(data)] = to
    with suppress(UserError), warnings.catch_warnings():
        warnings.simplefilter("error")
        found = read_vcf(bytes(data), "x.bcf")[0]
        assert found.calls.shape == (len(found.sites), len(found.samples))
