"""The event of an outcome is told by what its values mean, in any language, order and case."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pmed_core.event_words import event_of, left_view, meaning, meanings, translated

TOLD = """
yes/no Y/N 1/0 1.0/0.0 1/-1 true/false T/F ja/nein ja/nej ja/nee ja/nei oui/non sí/no si/no
sim/não tak/nie ano/ne evet/hayır kyllä/ei igen/nem da/nu да/нет так/ні 是/否 有/无
はい/いいえ あり/なし
예/아니오 ναι/όχι כן/לא نعم/لا có/không vrai/faux wahr/falsch positive/negative pos/neg +ve/-ve
positivo/negativo положительный/отрицательный 阳性/阴性 陽性/陰性 양성/음성 dead/alive died/survived
Expired/Alive deceased/living verstorben/lebend décédé/vivant fallecido/vivo deceduto/vivo
overleden/levend умер/жив 死亡/存活 死亡/生存 사망/생존 dead/censored
COVID/non-COVID CT_COVID/CT_NonCOVID
Malignant/Non-malignant tb/without_tb ckd/notckd relapse/relapse-free cancer/cancer_free
tumor/notumor Disease/NoDisease event/no_event responder/non-responder responder/nonresponder
active/inactive foo/foo(-) HER2+/HER2- Befund/ohne_Befund tumeur/sans_tumeur
fractura/sin_fractura frattura/senza_frattura diabetes/geen_diabetes диабет/без_диабета 复发/未复发
肿瘤/无肿瘤 rezidiv/rezidivfrei nonsurvivor/survivor Non-survivor/Survivor unhealthy/healthy
infected/uninfected abnormal/normal notNormal/Normal malignant/benign case/control
mutant/wild-type sick/healthy pneumonia/normal melanoma/benign present/absent ever/never 异常/正常
恶性/良性 krank/gesund malade/sain enfermo/sano malato/sano ziek/gezond chory/zdrowy
hasta/sağlıklı больной/здоровый
"""
EVENT_FIRST = TOLD.split()

UNTOLD = """
1/2 2/1 0/2 A/B M/F male/female low/high left/right I/II Grade1/Grade2 drug/placebo
relapse/death yes/unknown died/pending 1/unknown red/blue normal/benign 2/3 X/Y
"""
NOT_TOLD = UNTOLD.split()


@pytest.mark.parametrize("pair", EVENT_FIRST)
def test_the_event_is_told_by_meaning_in_either_order(pair: str) -> None:
    event, other = pair.split("/", 1)
    for values in ([event, other], [other, event]):
        told = event_of(values)
        assert told is not None
        assert told[0] == event


@pytest.mark.parametrize("pair", NOT_TOLD)
def test_what_the_words_do_not_tell_is_asked(pair: str) -> None:
    first, second = pair.split("/")
    assert event_of([first, second]) is None
    assert event_of([second, first]) is None


NOUNS = ["asthma", "stenosis", "Krebs", "delirium", "AKI", "fibrose", "infarto", "sepsis", "tb"]
NEGATIONS = ["non", "no", "not", "without", "ohne", "sans", "sin", "senza", "sem", "zonder", "bez"]
SEPARATORS = [" ", "-", "_", ".", " - "]
CASES = [str.lower, str.upper, str.title, str]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(NOUNS), st.sampled_from(NEGATIONS), st.sampled_from(SEPARATORS),
    st.sampled_from(CASES), st.sampled_from(CASES), st.booleans(),
)  # fmt: skip
def test_a_negation_turns_any_word_round(noun, negation, separator, one, two, turned) -> None:  # type: ignore[no-untyped-def]
    values = [one(noun), two(negation + separator + noun)]
    told = event_of(values[::-1] if turned else values)
    assert told is not None
    assert told[0] == values[0]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(EVENT_FIRST), st.sampled_from([" {}", "{} ", "{}"]))
def test_case_and_spaces_do_not_matter(pair: str, around: str) -> None:
    event, other = (around.format(value.upper()) for value in pair.split("/", 1))
    told = event_of([event, other])
    assert told is not None
    assert told[0] == event


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=2, max_size=2, unique=True))
def test_the_answer_never_depends_on_the_order(values: list[str]) -> None:
    assert event_of(values) == event_of(values[::-1])
    assert meanings(values) == meanings(values[::-1])[::-1]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("not done", "unknown"), ("Pending", "unknown"), ("unbekannt", "unknown"),
        ("неизвестно", "unknown"), ("不明", "unknown"), ("?", "unknown"),
        ("alive with disease", "none"), ("dead of disease", "event"), ("did not survive", "event"),
        ("no evidence of disease", "none"), ("not dead", "none"), ("", "unknown"), ("A", ""),
        ("2", ""), ("benign tumour", "none"),
    ],
)  # fmt: skip
def test_what_one_value_says(value: str, told: str) -> None:
    assert meaning(value) == told


def test_other_spellings_are_the_models_values() -> None:
    words = translated(["Yes", "NO", "1", "0", "ja", "TRUE"], ["yes"], ["no"])
    assert words == {"Yes": "yes", "NO": "no", "1": "yes", "0": "no", "ja": "yes", "TRUE": "yes"}
    assert translated(["yes", "No"], ["1"], ["0"]) == {"yes": "1", "No": "0"}
    assert translated(["deceased", "ALIVE"], ["died"], ["alive"]) == {
        "deceased": "died", "ALIVE": "alive"
    }  # fmt: skip


def test_codes_that_differ_in_a_late_digit_are_different_values() -> None:
    # Concepts of SNOMED CT: diabetes type 2, and another that a training never saw.
    assert translated(["44054009"], ["44054006"], ["73211009"]) == {}
    assert translated(["900000000000207009"], ["900000000000207008"], ["1"]) == {}
    assert translated(["44054006.0"], ["44054006"], ["73211009"]) == {"44054006.0": "44054006"}
    assert translated(["10", "1e2"], ["10.0"], ["100"]) == {"10": "10.0", "1e2": "100"}


@pytest.mark.parametrize("value", ["1e999999", "1e-999999", "1e9999999999999999999", "nan", "inf"])
def test_numbers_beyond_all_bounds_are_other_values(value: str) -> None:
    assert translated([value], ["1"], ["0.5"]) == {}


@pytest.mark.parametrize(
    ("value", "left"),
    [("Lost to follow-up", True), ("LTFU", True), ("lost", True), ("dropped out", True),
     ("Drop-out", True), ("withdrawn", True), ("lost vision", False), ("drop foot", False)],
)  # fmt: skip
def test_who_left_view_is_told_from_what_was_lost(value: str, left: bool) -> None:
    assert left_view(value) is left


def test_the_event_may_be_no() -> None:
    assert translated(["0", "1"], ["no"], ["yes"]) == {"0": "no", "1": "yes"}


@pytest.mark.parametrize("values", [["1", "2"], ["unknown", "maybe"], ["A", "B"], ["2"]])
def test_other_codes_are_not_taken_for_yes(values: list[str]) -> None:
    assert translated(values, ["yes"], ["no"]) == {}


def test_yes_and_no_are_not_codes_of_one_and_two() -> None:
    assert translated(["yes", "no"], ["2"], ["1"]) == {}
