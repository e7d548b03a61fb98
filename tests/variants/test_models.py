"""Models of a VCF file and its sheet: learnt family by family, predicted, explained, kept."""

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
from pmed_core.genotypes import ALTERNATIVE, UNKNOWN
from pmed_core.modalities.variants.carried import Carried
from pmed_core.modalities.variants.carrying import OF_REFERENCE, carried
from pmed_core.modalities.variants.ensemble import VariantsEnsemble
from pmed_core.modalities.variants.relatives import relatives
from pmed_core.modalities.variants.risk_genes import risk_genes_of
from pmed_core.options import MLPOptions, VariantsOptions
from pmed_core.predictor import Predictor
from pmed_core.progress import Silent
from pmed_core.readers.tables import read_cohort
from pmed_core.samples.risk_genes import risk_genes, vcf_text, write
from pmed_core.shell.main import main
from tests.variants.written import bgzip

QUICK = VariantsOptions(network=MLPOptions(), folds=2, components=2, baselines=False)
JOINED = {"files": "joined"}


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


@pytest.mark.slow
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


def test_what_is_carried_is_told_as_far_as_it_was_called(cohort: Cohort, model: Predictor) -> None:
    """Half a call tells no zygosity; and where the reference is the rare allele, that is carried,
    as the burden counts it."""
    genotypes = cohort.genotypes
    assert genotypes is not None
    row = cohort.select(np.array([7]))
    column = genotypes.places[str(row.table["variants"].iloc[0])]
    first = carried(model.ensemble, row, model.card)[0]
    site = np.flatnonzero(
        (genotypes.sites["chromosome"] == first.chromosome)
        & (genotypes.sites["position"] == first.position)
    )[0]

    def with_call(call: int, ensemble: VariantsEnsemble) -> list[Carried]:
        calls = genotypes.calls.copy()
        calls[site, column] = call
        changed = replace(row, genotypes=replace(genotypes, calls=calls))
        return [one for one in carried(ensemble, changed, model.card)
                if one.position == first.position]  # fmt: skip

    (half,) = with_call(ALTERNATIVE | UNKNOWN << 2, model.ensemble)
    assert half.zygosity == "one copy, the other not called"
    folds = tuple(
        replace(fold, encoder=replace(fold.encoder, frequency=1 - fold.encoder.frequency))
        for fold in model.ensemble.folds
    )
    turned = replace(model.ensemble, folds=folds)
    assert with_call(ALTERNATIVE | ALTERNATIVE << 2, turned) == []
    (one,) = with_call(0, turned)
    assert (one.zygosity, one.consequence) == ("homozygous", OF_REFERENCE)
    assert one.frequency == pytest.approx(first.frequency)


def test_what_clinvar_says_stands_beside_a_variant(cohort: Cohort, model: Predictor) -> None:
    genotypes, row = cohort.genotypes, cohort.select(np.array([7]))
    assert genotypes is not None
    told = genotypes.sites.assign(clinical="Likely_pathogenic;reviewed_by_expert_panel;Some_cancer")
    found = carried(
        model.ensemble, replace(row, genotypes=replace(genotypes, sites=told)), model.card
    )
    assert {(one.clinical, one.review, one.condition) for one in found} == {
        ("Likely pathogenic", "reviewed by expert panel", "Some cancer")
    }


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


@pytest.mark.slow
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
