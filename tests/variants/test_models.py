"""A VCF file with its sheet: joined, learnt family by family, predicted, explained, kept."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pmed_core import fit
from pmed_core.cohort import Cohort
from pmed_core.errors import UserError
from pmed_core.genotypes import UNKNOWN
from pmed_core.modalities import modality_of
from pmed_core.modalities.variants import Variants
from pmed_core.modalities.variants.carrying import carried
from pmed_core.modalities.variants.relatives import relatives
from pmed_core.modalities.variants.risk_genes import risk_genes_of
from pmed_core.options import MLPOptions, VariantsOptions
from pmed_core.predictor import Predictor
from pmed_core.progress import Silent
from pmed_core.readers.tables import read_cohort
from pmed_core.samples.risk_genes import risk_genes, vcf_text, write
from pmed_core.shell.main import main
from pmed_core.variable import Kind
from tests.variants.written import bgzip, vcf

QUICK = VariantsOptions(network=MLPOptions(), folds=2, components=2, baselines=False)
SHEET = "id,age,case\n"


def packed(path: Path, sheet: str, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sheet.csv", sheet)
        archive.writestr("calls.vcf.gz", bgzip(data))
    return path


def small() -> bytes:
    names = [f"P{k}" for k in range(6)]
    records = [
        f"chr1 {100 + row} . A G . . . GT " + " ".join(f"0/{(k + row) % 2}" for k in range(6))
        for row in range(4)
    ]
    return vcf(records, names)


def rows(*ids: str) -> str:
    lines = [f"{one},{40 + k},{'yes' if k % 2 else 'no'}" for k, one in enumerate(ids)]
    return SHEET + "\n".join(lines) + "\n"


JOINED = {"files": "joined"}


def test_the_sheet_finds_its_samples(tmp_path: Path) -> None:
    path = packed(tmp_path / "c.zip", rows("P3", "P0", "P9", "P1"), small())
    cohort = read_cohort(path, outcome="case", choices=JOINED)
    assert modality_of(cohort.variables) == Variants()
    assert cohort.table["variants"].tolist()[:2] == ["P3", "P0"]
    assert cohort.table["variants"].isna().tolist() == [False, False, True, False]
    told = " ".join(one.sentence for one in cohort.reading)
    assert "the 4 variants were joined from 'calls.vcf.gz' to 3 rows" in told
    assert "1 row of 1 'id' has no partner there: 'P9'" in told
    assert "3 rows there are not needed: 'P2' and 'P4'" in told
    assert cohort.genotypes is not None
    assert cohort.genotypes.of(["P3", "P0"]).copies()[0].tolist() == [1, 0]


def test_a_column_of_the_sheet_that_is_called_variants_names_no_sample(tmp_path: Path) -> None:
    sheet = "id,variants,case\nP3,P0,yes\nP0,P3,no\nP1,P2,yes\n"
    cohort = read_cohort(packed(tmp_path / "c.zip", sheet, small()), outcome="case", choices=JOINED)
    (column,) = (v.name for v in cohort.variables if v.kind is Kind.VARIANTS)
    assert column == "variants (calls.vcf.gz)"
    assert cohort.table[column].tolist() == ["P3", "P0", "P1"]
    assert cohort.table["variants"].tolist() == ["P0", "P3", "P2"]


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [
        (rows("P1", "P1", "P2"), "'P1' stands in 2 rows of 'id'"),
        (rows("X1", "X2"), "No column of sheet.csv names samples of calls.vcf.gz"),
    ],
)
def test_sheets_that_do_not_fit_are_refused(tmp_path: Path, sheet: str, sentence: str) -> None:
    path = packed(tmp_path / "c.zip", sheet, small())
    with pytest.raises(UserError, match=sentence):
        read_cohort(path, choices=JOINED)


def test_a_vcf_file_alone_is_a_table_of_its_samples(tmp_path: Path) -> None:
    path = tmp_path / "calls.vcf.gz"
    path.write_bytes(bgzip(small()))
    cohort = read_cohort(path)
    assert cohort.patients().tolist() == [f"P{k}" for k in range(6)]
    assert [v.kind for v in cohort.inputs] == [Kind.VARIANTS]


def test_a_truncated_file_is_refused_within_a_zip_too(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sheet.csv", rows("P1", "P2"))
        archive.writestr("calls.vcf.gz", bgzip(small())[:-40])
    with pytest.raises(UserError, match="cut off"):
        read_cohort(path, choices=JOINED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("variants")
    write(found / "cohort.zip")
    with zipfile.ZipFile(found / "cohort.zip") as archive:
        archive.extractall(found)
    return found


@pytest.fixture(scope="module")
def cohort(folder: Path) -> Cohort:
    return read_cohort(folder / "cohort.zip", outcome="case", choices=JOINED)


@pytest.fixture(scope="module")
def model(cohort: Cohort) -> Predictor:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pmed_core.modalities.variants.association.DRAWS", (999, 9_999))
        patch.setattr("pmed_core.modalities.variants.association.ALPHA", (0.05,))
        return fit(cohort, QUICK)


def test_relatives_are_said_and_never_on_both_sides(cohort: Cohort, model: Predictor) -> None:
    found = relatives(cohort, "variants")
    assert found.same == 1
    assert len(found.pairs) == 17
    assert "E0001 and E0500" in found.sentence
    folds = np.array(model.held_out().folds)
    assert all(folds[pair.first] == folds[pair.second] for pair in found.pairs)


def test_the_card_keeps_the_genes(model: Predictor) -> None:
    found = risk_genes_of(model.card)
    assert found is not None
    causal = set(risk_genes().causal)
    assert causal <= {gene.name for gene in found.genes[:8]}
    assert found.covariates == ("2 components of ancestry", "sex", "age (years)")
    assert found.patients == 483
    assert any(gene.used for gene in found.genes)


def test_the_network_learns_what_was_planted(model: Predictor) -> None:
    assert model.evaluation.measures["auroc"].low > 0.5


def test_what_is_rare_is_learnt_from_the_training_part_alone(model: Predictor) -> None:
    first, second = model.ensemble.folds
    assert not np.array_equal(first.encoder.frequency, second.encoder.frequency)
    assert not np.array_equal(first.encoder.rare, second.encoder.rare)


def test_held_out_patients_are_predicted_by_the_fold_that_never_saw_them(
    cohort: Cohort, model: Predictor
) -> None:
    said = model.predict(cohort, held_out=True)
    assert np.allclose(said.value, model.held_out().value, atol=1e-6)
    assert "were in training" in " ".join(model.predict(cohort).notes)
    with pytest.raises(UserError, match="the model was trained on"):
        model.evaluate(cohort)


def test_a_patient_is_known_by_the_calls_and_not_by_the_name(
    cohort: Cohort, model: Predictor
) -> None:
    assert cohort.genotypes is not None
    other = {one: f"new {one}" for one in cohort.genotypes.samples}
    renamed = replace(
        cohort,
        table=cohort.table.assign(
            variants=cohort.table["variants"].map(other).astype("str"),
            patient=cohort.table["patient"].map(other).astype("str"),
        ),
        genotypes=replace(cohort.genotypes, samples=tuple(other.values())),
    )
    assert model.knows(renamed)
    swapped = replace(cohort, table=cohort.table.assign(
        variants=cohort.table["variants"].to_numpy()[::-1]))  # fmt: skip
    assert not model.knows(swapped)


def test_a_package_says_the_same(cohort: Cohort, model: Predictor, tmp_path: Path) -> None:
    model.save(tmp_path / "kept")
    again = Predictor.load(tmp_path / "kept")
    some = cohort.select(np.arange(30))
    assert np.allclose(again.predict(some).value, model.predict(some).value, atol=1e-6)
    assert again.recognise(cohort)
    text = "".join(path.read_text() for path in (tmp_path / "kept").glob("*.json"))
    assert not any(patient in text for patient in cohort.patients())


def test_the_order_of_sites_and_of_patients_does_not_matter(
    cohort: Cohort, model: Predictor
) -> None:
    assert cohort.genotypes is not None
    some = cohort.select(np.arange(40))
    order = np.random.default_rng(0).permutation(len(cohort.genotypes.sites))
    mixed = replace(some, genotypes=cohort.genotypes.at(order)).select(np.arange(40)[::-1])
    assert np.allclose(model.predict(mixed).value[::-1], model.predict(some).value, atol=1e-6)


def test_variants_that_are_absent_are_not_the_reference(cohort: Cohort, model: Predictor) -> None:
    assert cohort.genotypes is not None
    some = cohort.select(np.arange(20))
    kept = np.arange(len(cohort.genotypes.sites)) % 5 > 0
    fewer = replace(some, genotypes=cohort.genotypes.at(kept))
    notes = " ".join(model.predict(fewer).notes)
    assert "of the variants that the model reads are not in the file" in notes
    few = replace(some, genotypes=cohort.genotypes.at(np.arange(100)))
    with pytest.raises(UserError, match="of the variants that the model reads"):
        model.predict(few)
    other = replace(some, genotypes=replace(cohort.genotypes, build="GRCh37"))
    with pytest.raises(UserError, match="positions are those of GRCh37"):
        model.predict(other)
    untold = replace(some, genotypes=replace(cohort.genotypes, build=""))
    notes = " ".join(model.predict(untold).notes)
    assert "does not tell the build of its positions; they were read as those of GRCh38" in notes


def test_shares_of_genes_add_up(cohort: Cohort, model: Predictor) -> None:
    found = model.explain(cohort.select(np.array([3])))
    assert found.base[0] + found.shap[0].sum() == pytest.approx(found.prediction[0], abs=1e-3)
    assert {"sex", "age (years)", "component 1"} <= set(found.variables)
    risk = model.predict(cohort.select(np.array([3]))).value[0, 0]
    assert found.quantity.value(float(found.prediction[0])) == pytest.approx(risk, abs=1e-6)


def test_a_baseline_can_be_the_model(
    cohort: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pmed_core.modalities.variants.association.DRAWS", (99, 999))
    network = VariantsOptions.model_validate({"network": {"name": "boosting"}}).network
    found = fit(cohort, QUICK.model_copy(update={"network": network}))
    assert found.card["model"] == network.title
    why = found.explain(cohort.select(np.arange(2)))
    assert np.abs(why.base + why.shap.sum(axis=1) - why.prediction).max() < 1e-4
    found.save(tmp_path / "model")
    again = Predictor.load(tmp_path / "model")
    assert again.predict(cohort).value == pytest.approx(found.predict(cohort).value, abs=1e-6)


def test_one_patient_carries_what_the_file_says(cohort: Cohort, model: Predictor) -> None:
    genotypes = cohort.genotypes
    assert genotypes is not None
    found = carried(model.ensemble, cohort.select(np.array([7])), model.card)
    assert found
    column = genotypes.places[str(cohort.table["variants"].iloc[7])]
    for one in found:
        site = genotypes.sites[
            (genotypes.sites["chromosome"] == one.chromosome)
            & (genotypes.sites["position"] == one.position)
        ]
        copies = int(genotypes.copies(site.index.to_numpy())[0, column])
        assert {"heterozygous": 1, "homozygous": 2}[one.zygosity] == copies
        assert site["genes"].iloc[0] == one.gene
    ranks = [one.p for one in found if one.p is not None]
    assert ranks == sorted(ranks)


def test_a_file_without_annotation_has_the_genes_of_training(
    cohort: Cohort, model: Predictor
) -> None:
    assert cohort.genotypes is not None
    one = cohort.select(np.array([7]))
    plain = cohort.genotypes.sites.assign(genes="", consequences="")
    bare = replace(one, genotypes=replace(cohort.genotypes, sites=plain))
    named = [(c.gene, c.position) for c in carried(model.ensemble, one, model.card)]
    assert [(c.gene, c.position) for c in carried(model.ensemble, bare, model.card)] == named


def test_a_patient_of_whom_little_was_called_is_outside(cohort: Cohort, model: Predictor) -> None:
    assert cohort.genotypes is not None
    two = cohort.select(np.array([3, 4]))
    calls = cohort.genotypes.calls.copy()
    calls[:, cohort.genotypes.places[str(two.table["variants"].iloc[0])]] = UNKNOWN | UNKNOWN << 2
    gone = replace(two, genotypes=replace(cohort.genotypes, calls=calls))
    assert model.predict(gone).outside.tolist() == [True, False]
    said = model.ensemble.outside(gone.table, model.ensemble.copies(gone))
    assert said[0][0].startswith("Only 0 % of the variants that the model reads were called")


def test_what_cannot_be_learnt_is_said(cohort: Cohort) -> None:
    from pmed_core.modalities.variants.learner import trainable

    assert cohort.genotypes is not None
    plain = cohort.genotypes.sites.assign(genes="", consequences="")
    bare = replace(cohort, genotypes=replace(cohort.genotypes, sites=plain))
    with pytest.raises(UserError, match="does not say which genes"):
        trainable(bare, Silent())
    gaps = cohort.table.assign(variants=cohort.table["variants"].where(cohort.table.index > 9))

    class Told(Silent):
        notes: list[str] = []

        def note(self, text: str) -> None:
            self.notes.append(text)

    told = Told()
    assert len(trainable(replace(cohort, table=gaps), told)) == 490
    assert "10 of 500 rows have no variants, and are left out." in told.notes


def test_the_shell_takes_a_vcf_file_with_its_sheet(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = risk_genes(8)
    some = study.sites["gene"].str[4:].isin(["", *(f"{k:03d}" for k in range(1, 31))]).to_numpy()
    few = replace(study, sites=study.sites[some].reset_index(drop=True), copies=study.copies[some])
    calls, sheet = tmp_path / "cohort.vcf.gz", tmp_path / "sheet.csv"
    calls.write_bytes(bgzip(vcf_text(few).encode(), 60_000))
    study.sheet.to_csv(sheet, index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pmed_core.modalities.variants.association.DRAWS", (199,))
        patch.setattr("pmed_core.modalities.variants.association.ALPHA", ())
        ended = main(
            ["fit", str(calls), "--phenotypes", str(sheet), "--outcome", "case", "--to",
             str(tmp_path / "model"), "--model", "mlp", "--folds", "2", "--no-baselines"], 0.0,
        )  # fmt: skip
    assert ended == 0
    assert "AUROC" in capsys.readouterr().out
    read = [str(calls), "--phenotypes", str(sheet)]
    to = tmp_path / "said.csv"
    assert (
        main(["predict", str(tmp_path / "model"), *read, "--held-out", "--to", str(to)], 0.0) == 0
    )
    said = pd.read_csv(to)
    assert list(said) == ["patient", "probability", "low", "high"]
    assert said["patient"].tolist() == study.sheet["patient"].tolist()
    assert main(["evaluate", str(tmp_path / "model"), *read, "--held-out", "--json"], 0.0) == 0
    out = capsys.readouterr().out
    assert "auroc" in json.loads(out[out.index("{") :])
    assert main(["explain", str(tmp_path / "model"), *read, "--to", str(to)], 0.0) == 0
    assert {"gene", "p", "q", "network"} <= set(pd.read_csv(to))
    assert main(["predict", str(tmp_path / "model"), str(calls)], 0.0) == 2
    assert "'sex', which is missing" in capsys.readouterr().err


GFF = (
    "##gff-version 3\nchr1\tx\tgene\t100\t101\t.\t+\t.\tID=gene:E1;Name=LEFT\n"
    "chr1\tx\texon\t100\t103\t.\t+\t.\tID=exon1\nchr1\tx\tgene\t101\t103\t.\t+\t.\tgene_name=RIGHT\n"
)
BED = "track name=x\nchr1\t99\t101\tLEFT\nchr1\t100\t103\tRIGHT\n"
BED9 = "chr1\t99\t101\tLEFT\t0\t+\t99\t99\t0\nchr1\t100\t103\tRIGHT\t0\t+\t99\t99\t0\n"
GTF = '1\tx\tgene\t100\t101\t.\t+\t.\tgene_id "E1"; gene_name "LEFT";\n' + (
    '1\tx\tgene\t101\t103\t.\t+\t.\tgene_id "E2"; gene_name "RIGHT";\n'
)


def with_genes_of(tmp_path: Path, name: str, text: str) -> Cohort:
    path = packed(tmp_path / "c.zip", rows("P3", "P0", "P1"), small())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, text)
    return read_cohort(path, choices=JOINED)


@pytest.mark.parametrize(
    ("name", "said"),
    [("g.gff3", "#!genome-build GRCh37.p13"), ("g.bed", "track name=genes db=hg19")],
)
def test_genes_of_another_build_are_refused(tmp_path: Path, name: str, said: str) -> None:
    """Some would lie in a gene all the same, and in the wrong one."""
    text = GFF if name.endswith("gff3") else BED
    with pytest.raises(UserError, match="genes are those of GRCh37, and the variants of GRCh38"):
        with_genes_of(tmp_path, name, f"{said}\n{text}")
    assert with_genes_of(tmp_path, name, f"{said.replace('37', '38').replace('19', '38')}\n{text}")


@pytest.mark.parametrize(
    ("name", "text"), [("g.gff3", GFF), ("g.bed", BED), ("g.gtf", GTF), ("b.bed", BED9)]
)
def test_genes_of_a_file_beside(tmp_path: Path, name: str, text: str) -> None:
    cohort = with_genes_of(tmp_path, name, text)
    assert cohort.genotypes is not None
    # Sites are at 100 to 103; both ends belong to a gene.
    assert cohort.genotypes.sites["genes"].tolist() == ["LEFT", "LEFT;RIGHT", "RIGHT", "RIGHT"]
    told = " ".join(one.sentence for one in cohort.reading)
    assert f"4 of 4 variants lie in one of 2 genes of '{name}'" in told


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("g.bed", "chr1\t99\t101\n", "Line 1 names no gene"),
        ("g.bed", "chr1\tx\t101\tA\n", "where two positions are expected"),
        ("g.bed", "chr1\t200\t101\tA\n", "before it begins"),
        ("g.bed", "chr7\t99\t101\tA\n", "None of the variants lies in a gene"),
        ("g.gff", "chr1\tx\texon\t1\t9\t.\t+\t.\tID=a\n", "There is no gene in it"),
        ("g.gff", "chr1\tx\tgene\t1\t9\t.\t+\t.\tnote=a\n", "is of type gene and names none"),
        ("g.gff", "chr1\t1\t9\tA\n", "has 4 columns, where GFF has 9"),
    ],
)
def test_files_of_genes_that_cannot_be_read(
    tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        with_genes_of(tmp_path, name, text)


@pytest.mark.slow
@pytest.mark.parametrize("components", [0, 3])
def test_genes_alone_are_enough(folder: Path, tmp_path: Path, components: int) -> None:
    cohort = read_cohort(
        folder / "cohort.zip", outcome="case", choices=JOINED, ignore=("sex", "age (years)")
    )
    assert cohort.genotypes is not None
    some = cohort.genotypes.sites["genes"].str[4:].isin(["", *(f"{k:03d}" for k in range(30))])
    few = replace(cohort, genotypes=cohort.genotypes.at(some.to_numpy()))
    found = fit(few, QUICK.model_copy(update={"components": components}))
    found.save(tmp_path / "kept")
    said = found.predict(few.select(np.arange(9)))
    again = Predictor.load(tmp_path / "kept").predict(few.select(np.arange(9)))
    assert np.allclose(again.value, said.value, atol=1e-6)
    assert not said.outside.any()
