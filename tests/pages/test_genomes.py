"""Genomes: pharmacogenes of one patient, and polygenic scores of all."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from pmed_core.service import cohorts
from pmed_core.service import genomes as asked
from tests.genome.made import HEAD, UNTOLD, records, written
from tests.pages.conftest import Open

WEIGHTS = (
    b"#pgs_id=PGS1\n#genome_build=GRCh38\nchr_name\tchr_position\teffect_allele\tother_allele\t"
    b"effect_weight\n16\t31096368\tT\tC\t0.5\n"
)


def brought_in(head: str = HEAD, samples: tuple[str, ...] = ("A", "B")) -> str:
    lines = [line + "\t0/1" * (len(samples) - 1) for line in records("VKORC1", {})]
    return cohorts.bring_in("genomes.vcf", written(lines, samples, head))


def text(app: AppTest) -> str:
    parts = [*app.markdown, *app.caption, *app.error, *app.info]
    return " ".join(str(one.value) for one in parts).replace("\\", "")


def test_without_a_genome_the_page_says_what_to_do(opened: Open) -> None:
    assert "There is no genome yet" in text(opened("genomes"))


def test_alleles_of_a_patient_with_what_guidelines_say(opened: Open) -> None:
    brought_in()
    app = opened("genomes")
    app.selectbox[1].set_value("B").run()
    assert not app.exception
    table = app.dataframe[0].value.set_index("Gene")
    assert table.loc["VKORC1", "Phenotype"] == "-1639 AG"
    assert table.loc["TPMT", "Alleles"] == "not called"
    assert "warfarin" in app.dataframe[1].value["Drugs"].iloc[0]
    assert "names no dose" in text(app)


def test_one_genome_alone_is_read_and_shown(opened: Open) -> None:
    brought_in(samples=("A",))
    app = opened("genomes")
    assert app.dataframe[0].value.set_index("Gene").loc["VKORC1", "Phenotype"] == "-1639 GG"


def test_a_build_that_is_not_told_is_asked_about(opened: Open) -> None:
    brought_in(UNTOLD)
    app = opened("genomes")
    (build,) = (one for one in app.selectbox if one.label == "Build of the genome")
    assert build.value is None
    (patient,) = (one for one in app.selectbox if one.label == "Patient")
    patient.set_value("A").run()
    assert "does not tell the build" in text(app)
    (build,) = (one for one in app.selectbox if one.label == "Build of the genome")
    build.set_value("GRCh38").run()
    assert app.dataframe[0].value.set_index("Gene").loc["VKORC1", "Phenotype"] == "-1639 GG"


def compute(app: AppTest) -> AppTest:
    (button,) = (one for one in app.button if one.label == "Compute")
    return button.click().run()


def test_scores_of_all(opened: Open) -> None:
    found = asked.polygenic(brought_in(), "w.txt", WEIGHTS)
    assert found.scores == (0, 0.5)
    app = opened("genomes")
    assert "No file is chosen" in text(compute(app))
    app.file_uploader[0].upload("w.txt", WEIGHTS, "text/plain")
    compute(app)
    assert "1 of 1 variants are in the genomes (GRCh38)" in text(app)
    assert "not a diagnosis" in text(app)
    assert "The diamond" not in text(app), "no patient is chosen"


def test_a_file_without_weights_is_refused_in_a_sentence(opened: Open) -> None:
    brought_in()
    app = opened("genomes")
    app.file_uploader[0].upload("w.txt", b"no weights at all", "text/plain")
    assert "It has no column 'effect_allele'" in text(compute(app))


def test_what_is_no_genome_is_not_offered(opened: Open) -> None:
    rows = "".join(f"P{k},5{k},{'yes' if k % 2 else 'no'}\n" for k in range(9))
    cohorts.bring_in("t.csv", f"id,age,died\n{rows}".encode())
    assert asked.genomes() == ()
