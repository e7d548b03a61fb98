"""A text file does not say its encoding: the one in which it is words, or a said guess."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmed_core.errors import UserError
from pmed_core.readers.formats import open_table
from pmed_core.readers.scripts import ranked
from pmed_core.readers.table import Table
from pmed_core.reading import Decision

TABLES = [
    ("gb18030", "年龄,性别,结果\n40,男,死亡\n50,女,存活\n"),
    ("gb18030", "编号;吸烟;诊断\n1;是;肺癌\n2;否;正常\n"),
    ("gbk", "sex,stage\n男,I\n女,II\n"),
    ("gb2312", "科室,分级\n心内科,轻度\n消化科,重度\n"),
    ("big5", "年齡,性別,結果\n40,男,死亡\n50,女,存活\n"),
    ("big5", "編號,診斷\n1,肺癌\n2,正常\n"),
    ("shift_jis", "年齢,性別,転帰\n40,男性,死亡\n50,女性,生存\n"),
    ("euc_jp", "患者番号,クレアチニン\n1,あり\n2,なし\n"),
    ("euc_kr", "나이,성별,결과\n40,남,사망\n50,여,생존\n"),
    ("cp949", "환자번호,흡연력\n1,예\n2,아니오\n"),
    ("cp1251", "возраст;пол\n40;мужской\n50;женский\n"),
    ("cp1251", "sex\tage\nм\t5\nж\t6\n"),
    ("koi8_r", "Пациент;Диагноз\n1;Пневмония\n2;Грипп\n"),
    ("cp866", "возраст;пол\n40;мужской\n50;женский\n"),
    ("cp1253", "ηλικία;φύλο\n40;άνδρας\n50;γυναίκα\n"),
    ("iso8859_7", "ηλικία;φύλο\n40;άνδρας\n50;γυναίκα\n"),
    ("cp1255", "גיל,מין\n40,זכר\n50,נקבה\n"),
    ("cp1256", "العمر,الجنس\n40,ذكر\n50,أنثى\n"),
    ("cp874", "อายุ,เพศ\n40,ชาย\n50,หญิง\n"),
    ("cp1252", "diagnose,temp °C\nx,38 °\ny,39 °\n"),
    ("cp1252", "HERZGRÖSSE,Übelkeit\nÄrztin,x\nMüller,y\n"),
    ("iso8859_15", "Año,Género\n1,Varón\n2,Mujer\n"),
    ("cp1250", "věk;pohlaví\n40;žena\n50;muž\n"),
    ("iso8859_2", "wiek;płeć\n40;mężczyzna\n50;średnia\n"),
    ("cp1254", "yaş;cinsiyet\n40;erkek\n50;kadın\n"),
    ("cp1257", "amžius;lytis;būklė\n40;vyras;gera\n50;moteris;sunki\n"),
    ("mac_roman", "größe|gefühl\n0.1|müde\n0.2|müde\n"),
    ("utf-16", "größe|gefühl\n0.1|müde\n0.2|müde\n"),
    ("utf-16-be", "group,value\na,1\nb,2\n"),
    ("utf-32", "größe|gefühl\n0.1|müde\n0.2|müde\n"),
]


def written(folder: Path, data: bytes, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def decided(table: Table, key: str) -> Decision:
    return next(decision for decision in table.reading if decision.key == key)


def texts(table: Table) -> set[str]:
    return {str(name) for name in table.cells.columns} | {
        str(cell) for column in table.cells for cell in table.cells[column]
    }


@pytest.mark.parametrize(("encoding", "text"), TABLES)
def test_words_come_out_as_they_were_written(tmp_path: Path, encoding: str, text: str) -> None:
    table = open_table(written(tmp_path, text.encode(encoding)), {})
    expected = {cell for line in text.split() for cell in line.replace(";", ",").split(",")}
    found = {part for cell in texts(table) for part in cell.replace("|", " ").split()}
    wanted = {part for cell in expected for part in cell.replace("|", " ").split("\t")}
    assert {part for cell in wanted for part in cell.split()} == found
    assert decided(table, "encoding").sentence.endswith(".")


@pytest.mark.parametrize(("encoding", "text"), TABLES)
def test_a_chosen_encoding_is_used_and_none_is_asked_for(
    tmp_path: Path, encoding: str, text: str
) -> None:
    path = written(tmp_path, text.encode(encoding))
    table = open_table(path, {"encoding": encoding})
    assert decided(table, "encoding").value == encoding
    assert decided(table, "encoding").proved


def test_a_chinese_file_is_not_korean_and_what_it_can_be_too_is_offered(tmp_path: Path) -> None:
    path = written(tmp_path, "sex,stage\n男,I\n女,II\n".encode("gb18030"))
    found = decided(open_table(path, {}), "encoding")
    assert found.value == "gb18030"
    assert not found.proved
    assert len(found.options) > 1
    assert "can also be read as" in found.sentence


def test_a_guess_can_be_overruled(tmp_path: Path) -> None:
    path = written(tmp_path, "sex\n남자\n여자\n".encode("cp949"))
    assert "남자" in texts(open_table(path, {"encoding": "cp949"}))
    assert "남자" not in texts(open_table(path, {"encoding": "gb18030"}))


@pytest.mark.parametrize(
    ("choice", "words"), [("klingon", "no encoding 'klingon'"), ("ascii", "not text in")]
)
def test_an_encoding_that_does_not_fit_is_refused(tmp_path: Path, choice: str, words: str) -> None:
    path = written(tmp_path, "größe,n\nklein,1\n".encode("cp1252"))
    with pytest.raises(UserError, match=words):
        open_table(path, {"encoding": choice})


def test_letters_spoiled_before_are_said_and_mended_on_request(tmp_path: Path) -> None:
    spoiled = "größe,n\nmüde,1\nschön,2\n".encode().decode("cp1252")
    path = written(tmp_path, spoiled.encode())
    kept = open_table(path, {})
    assert decided(kept, "mojibake").cells == 4
    assert "größe" not in texts(kept)
    mended = open_table(path, {"mojibake": "mended"})
    assert {"größe", "müde", "schön"} <= texts(mended)


@pytest.mark.parametrize("text", ["Ångström,n\nÄ,1\nÂ,2\n", "naïve,n\nÉtat,1\nÃo,2\n"])
def test_real_accents_are_not_taken_for_spoiled_ones(tmp_path: Path, text: str) -> None:
    table = open_table(written(tmp_path, text.encode()), {})
    assert "mojibake" not in {decision.rule for decision in table.reading}


def test_lines_of_another_encoding_are_counted(tmp_path: Path) -> None:
    lines = ["größe,n", *(f"müde {n},{n}" for n in range(30))]
    data = b"\n".join(line.encode() for line in lines) + b"\n" + "schön,99\n".encode("cp1252")
    table = open_table(written(tmp_path, data), {})
    assert "schön" in texts(table)
    assert decided(table, "encoding").cells == 1
    assert not decided(table, "encoding").proved


def test_noise_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not text"):
        open_table(written(tmp_path, bytes(range(1, 255)) * 40), {})


WORDS = st.lists(
    st.sampled_from(["年龄", "性别", "诊断", "男", "女", "肺癌", "正常", "死亡", "住院", "轻度"]),
    min_size=4, max_size=30,
)  # fmt: skip


@given(words=WORDS)
def test_chinese_of_any_length_is_read_or_said(
    tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    text = "编号,分组\n" + "".join(f"{n},{word}\n" for n, word in enumerate(words))
    path = written(tmp_path_factory.mktemp("chinese"), text.encode("gb18030"))
    table = open_table(path, {})
    assert list(table.cells["分组"]) == words


@given(
    letter=st.sampled_from("éèàâçêîïôñáíóúãõåæøëäöüß"),
    word=st.sampled_from(["caf{}", "{}tre", "m{}n", "ma{}o"]),
    rows=st.integers(1, 40),
)
def test_a_western_word_is_never_of_two_scripts(letter: str, word: str, rows: int) -> None:
    text = "\n".join(f"{row},{word.format(letter)},0" for row in range(rows))
    _, encoding = ranked(text.encode("cp1252"))[0]
    assert all(ord(sign) < 0x250 for sign in text.encode("cp1252").decode(encoding))
