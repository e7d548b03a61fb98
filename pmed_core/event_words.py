"""What the words of an outcome mean: that it happened, that it did not, or that nobody knows.

One list for tables, scans and the screen that asks. Words of many languages; a negation in front
(``non-COVID``, ``notckd``, ``ohne Befund``) or behind (``relapse-free``, ``异常なし``) turns a word
round, twice turned is as before (``not normal``). Which value is rarer never matters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

Meaning = Literal["event", "none", "unknown", ""]
"""It happened, it did not, nobody knows; empty where the words do not tell."""


def _words(text: str) -> frozenset[str]:
    return frozenset(_plain(word) for word in text.split())


def _plain(value: str) -> str:
    """Without case, accents and width; signs of one look the same."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", value).casefold())
    bare = "".join(letter for letter in text if not "\u0300" <= letter <= "\u036f")
    return re.sub("[\u2010-\u2015\u2212]", "-", unicodedata.normalize("NFC", bare)).strip()


YES = _words(
    "yes y yeah true t ja j oui si s sim da tak ano evet igen kylla jah taip ya vrai wahr vero "
    "verdadero verdadeiro waar sant sann prawda да д так так є истина 是 有 对 真 はい あり 有り "
    "예 네 있음 ναι αληθες כן نعم हाँ हां ใช่ có +"
)
NO = _words(
    "no n false f nein non nee nao não nej nei nie ne hayir hayır nem ei tidak nu niet faux "
    "falsch falso onwaar usant falsk falskt falsz нет не н ні ложь "
    " 否 无 無 沒有 没有 假 いいえ なし "
    "無し 아니오 아니요 없음 οχι ψευδες לא لا नहीं ไม่ใช่ không none nil never -"
)
TESTED = _words(
    "positive positiv positif positiva positivo positief positivt pozytywny pozytywna pozitif "
    "pozitivni pozitiv положительный положительно положительная позитивний 阳性 陽性 양성 θετικο "
    "חיובי ايجابي إيجابي reactive detected +ve pos detectable dương"
)
NOT_TESTED = _words(
    "negative negativ negatif negativa negativo negatief negativt negatywny negatywna negativni "
    "отрицательный отрицательно отрицательная негативний 阴性 陰性 음성 αρνητικο שלילי سلبي -ve "
    "neg nonreactive undetected undetectable âm"
)
DEAD = _words(
    "dead died die dies death deaths deceased expired expire exitus fatal mortality decedent "
    "tot gestorben verstorben verstorbene tod mort morte decede décédé décédée decedee deces "
    "muerto muerta muerte fallecido fallecida fallecio falecido falecida obito deceduto deceduta "
    "morto overleden dod død dødt avliden kuollut zmarl zmarły zmarły zgon zemrel zemřel olu ölü "
    "умер умерла умершие смерть помер померла 死亡 死 逝世 사망 θανατος נפטר متوفى وفاة meninggal"
)
ALIVE = _words(
    "alive living lives live survive survived survivor survivors survives survival "
    "lebt lebend lebendig "
    "ueberlebt überlebt überlebende vivant vivante vivants vecu survecu survécu vivo viva vivos "
    "sobrevive sobrevivio sobreviviente sobreviveu vivente sopravvissuto levend leeft overleefd "
    "levende i-live lever overlevende elossa zyje żyje zywy żywy zije žije zijici hayatta sağ "
    "жив жива живой живые живий выжил 存活 生存 活着 生 생존 ζωντανος חי حي hidup discharged"
)
THERE = _words(
    "present presence event events case cases disease diseased ill illness sick disorder abnormal "
    "abnormality abnormalities pathological pathologic pathology malignant malignancy cancer "
    "cancerous tumor tumour tumors tumours carcinoma melanoma metastasis metastases metastatic "
    "relapse relapsed relapses recurrence recurrent recurred recidive progression progressive "
    "progressed progressing affected infected infection symptomatic mutated mutant mutation "
    "mutations altered complication complications readmitted readmission failure failed fail fails "
    "fracture fractured pneumonia covid covid19 covid-19 ckd diabetic diabetes stroke sepsis "
    "septic tuberculosis tb pregnant toxic hospitalized hospitalised intubated bleeding "
    "haemorrhage hemorrhage infarct infarction effusion nodule lesion dropout churn ever "
    "krank kranker erkrankt erkrankung krankheit fall auffallig auffällig pathologisch bosartig "
    "bösartig maligne rezidiv ruckfall rückfall vorhanden befallen infiziert malade malades "
    "maladie anormal anormale present presente presenti malin maligno maligna maligni rechute "
    "atteint enfermo enferma enfermedad anormal recaida recidiva afectado infectado casos caso "
    "malato malata malattia anormale ammalato doente doença doenca ziek zieke ziekte afwijkend "
    "kwaadaardig aanwezig sygdom syg sjuk syk sjukdom elakartad ondartet chory chora choroba "
    "złośliwy zlosliwy nawrot nawrót nemocny nemocný zhoubny hasta kotu kötü болен больной больная "
    "больные болезнь злокачественный злокачественная рецидив хворий патология "
    "患者 患病 病人 异常 "
    "異常 恶性 惡性 悪性 复发 復発 再発 病变 癌 "
    "肿瘤 肺炎 阳 환자 비정상 악성 재발 ασθενης κακοηθης "
    "חולה ממאיר مريض خبيث sakit"
)
NOT_THERE = _words(
    "absent absence normal healthy health well control controls benign wildtype wild-type wt "
    "censored censor unremarkable asymptomatic remission cured recovered recovery stable intact "
    "unaltered clear negativity uneventful eventfree harmless innocent gesund gesunde gesunder "
    "kontrolle kontrollen unauffallig unauffällig gutartig benigne fehlend abwesend zensiert "
    "geheilt sain saine sains temoin temoins témoin témoins normale normaux benin bénin benigne "
    "bénigne absente censure censuré gueri guéri sano sana sanos controles benigno benigna "
    "ausente ausentes censurado curado guarito sani controllo controlli assente assenti censurato "
    "saudavel saudável gezond gezonde controle goedaardig afwezig rask raske frisk friska kontrol "
    "kontroll godartet godartad zdrowy zdrowa zdrowi kontrola łagodny lagodny prawidlowy "
    "prawidłowy zdravy zdravý nezhoubny saglikli sağlıklı iyi здоров здоровый здоровая здоровые "
    "контроль норма нормальный доброкачественный доброкачественная отсутствует здоровий 正常 健康 "
    "对照 對照 対照 良性 阴 정상 건강 대조군 양호 υγιης φυσιολογικος καλοηθης בריא שפיר תקין سليم "
    "حميد طبيعي sehat"
)
NEGATING = _words(
    "no non not none never without w/o wo free lack lacking absence nicht ohne kein keine keiner "
    "keinen frei sans pas aucun aucune libre sin ningun ninguna ausencia senza nessun nessuna "
    "assenza privo sem nenhum nenhuma zonder geen niet vrij uden ikke utan inte ej inga ingen uten "
    "ilman ei bez brak nie ne nem nincs yok degil değil olmadan fara nu без не нет нету ні немає "
    "отсутствие χωρις δεν οχι ללא לא בלי بدون غير لا tidak tanpa không नहीं ไม่"
)
BEFORE = ("non", "not", "no", "un", "nicht", "ohne", "kein", "sans", "sin", "niet", "geen", "ikke",
          "inte", "ej", "bez", "nie", "не", "без", "in", "无", "無", "非", "未", "不", "没", "沒",
          "비", "무")  # fmt: skip
BEHIND = ("free", "frei", "vrij", "fri", "neg", "negative", "los", "less", "なし", "ない", "無し",
          "없음", "아님", "陰性", "阴性", "음성")  # fmt: skip
NOT_KNOWN = frozenset(
    map(
        _plain,
        (
            "unknown", "unk", "unkn", "not known", "pending", "not done", "not available", "na",
            "n/a", "n.a.", "nd", "n.d.", "?", "??", "indeterminate", "equivocal", "inconclusive",
            "borderline unknown", "lost to follow up", "lost to follow-up", "ltfu", "lost",
            "missing", "refused", "declined", "withdrawn", "undetermined", "unsure", "uncertain",
            "unclear", "not sure", "not applicable", "ambiguous", "unspecified", "not specified",
            "invalid", "insufficient", "not tested", "untested", "not assessed", "not evaluated",
            "not evaluable", "not reported", "not recorded", "not stated", "not determined",
            "no data", "no result", "no information", "no answer", "don't know", "dont know",
            "do not know", "to be determined", "tbd", "in progress", "awaited", "unbekannt",
            "nicht bekannt", "ausstehend", "keine angabe", "k.a.", "unklar", "inconnu", "inconnue",
            "non connu", "en attente", "non renseigné", "indéterminé", "desconocido",
            "desconocida", "pendiente", "no sabe", "sconosciuto", "in attesa", "non noto", "ignoto",
            "desconhecido", "ignorado", "onbekend", "okänd", "ukendt", "ukjent", "tuntematon",
            "nieznany", "nieznane", "brak danych", "neznámý", "bilinmiyor", "неизвестно",
            "неизвестен", "нет данных", "невідомо", "不明", "未知", "待查", "不详", "미상", "모름",
            "άγνωστο", "לא ידוע", "غير معروف",
        ),
    )
)  # fmt: skip
LEFT_VIEW = re.compile(
    r"^lost$|\blost (to )?f|\bltfu?\b|\bwithdr|\bdrop(ped)? ?out|abbruch|perdu de vue|verloren"
)
"""In words for patients who were last seen without the event, if it is asked when it happens."""
CENSORED = re.compile(r"cens|cnsr")
"""In the name of a column; "CNSR" is that of clinical trials (CDISC), whose 0 is the event."""
DIGITS = re.compile(r"[+-]?\d{1,28}(?:[.,]\d{1,28})?")
"""A number without an exponent, of as many digits as are told apart."""
WISHED = _words(
    "favourable favorable responsive satisfactory successful adequate sufficient compliant able "
    "favorevole favorable favorável günstig guenstig благоприятный благоприятная благополучный"
)
"""Their negation may well be the event: the user is asked."""
KINDS = (
    ("said", YES, NO), ("tested", TESTED, NOT_TESTED), ("vital", DEAD, ALIVE),
    ("there", THERE, NOT_THERE),
)  # fmt: skip
LETTERS = ("yn", "jn", "sn", "on", "tf", "tn", "vf", "wf", "pn", "дн", "an")
"""Pairs of single letters whose first says yes."""


def meaning(value: str) -> Meaning:
    """What one value says by itself; numbers and single letters say nothing alone."""
    text = _plain(value)
    if not text or text in NOT_KNOWN or " ".join(_split(value)) in NOT_KNOWN:
        return "unknown"
    if _number(text) is not None or (len(text) == 1 and text.isascii() and text.isalpha()):
        return ""
    for _, happened, did_not in KINDS:
        if text in happened:
            return "event"
        if text in did_not:
            return "none"
    return _of_phrase(_split(value))


def left_view(value: str) -> bool:
    """Whether it says that a patient was not followed any longer: nothing of a yes/no outcome, but
    of a time to an event that it had not happened by then."""
    return bool(LEFT_VIEW.search(" ".join(_split(value))))


def _split(value: str) -> list[str]:
    """The words of a value: at spaces and signs, and where small letters meet capitals."""
    text = unicodedata.normalize("NFKC", value).strip()
    if text.isascii() and re.search("[A-Za-z0-9]{2}[)]?[+-]$", text):
        text = f"{text[:-1]} {'positive' if text.endswith('+') else 'negative'}"
    text = re.sub(r"(?<=[^\W\d_])[+](?=ve\b)|(?<![^\W_])-(?=ve\b)", "-", text)
    text = re.sub(r"\(\s*[-\u2212]\s*\)|(?:^|\s|_)[-\u2212]ve\b", " negative ", text)
    text = re.sub(r"\(\s*[+]\s*\)|(?:^|\s|_)[+]ve\b", " positive ", text)
    text = re.sub(r"w/o\b", " without ", text, flags=re.IGNORECASE)
    text = re.sub("([a-z])([A-Z])|([A-Z]+)(?=[A-Z][a-z])", r"\1\3 \2", text)
    return [word for word in re.split(r"[^\w'+]+|_+", _plain(text)) if word]


def _known(word: str) -> bool | None:
    """Whether a word says that something happened or is there; None where it is not listed."""
    for name, happened, did_not in KINDS:
        if name != "said":
            if word in happened:
                return True
            if word in did_not:
                return False
    return None


def _parted(word: str) -> list[str]:
    """A negation that is written together with a known word: ``nonsurvivor``, ``tumorfrei``."""
    if word in NEGATING or _known(word) is not None:
        return [word]
    for start in BEFORE:
        rest = word.removeprefix(start)
        if rest != word and _known(rest) is not None:
            return ["no", rest]
    for end in BEHIND:
        rest = word.removesuffix(end)
        if rest != word and rest and (len(rest) > 2 or not rest.isascii()):
            return ["no", rest]
    return [word]


def _of_phrase(words: Sequence[str]) -> Meaning:
    """Known words of a phrase, turned round by a negation."""
    parts = [part for word in words for part in _parted(word)]
    negations = sum(part in NEGATING for part in parts)
    told = [found for part in parts if part not in NEGATING and (found := _known(part)) is not None]
    vital = [found for part in parts for found in _vital(part)]
    if not told:
        return "none" if negations % 2 and len(parts) > negations else ""
    if vital:
        told = vital
        if not vital[0]:
            # "Alive without disease": what follows does not make it a death.
            place = next(place for place, part in enumerate(parts) if part in ALIVE)
            negations = sum(part in NEGATING for part in parts[:place])
    elif len(set(told)) > 1:
        # "Benign tumour", "normal case": what it is not weighs more than what is looked for.
        told = [False]
    return "event" if told[0] is (negations % 2 == 0) else "none"


def _vital(word: str) -> list[bool]:
    return [True] if word in DEAD else [False] if word in ALIVE else []


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def meanings(values: Sequence[str]) -> tuple[Meaning, ...]:
    """What each value says, seen beside the others: 1 beside 0, Y beside N, CKD beside notckd."""
    found = [meaning(value) for value in values]
    told = [place for place, one in enumerate(found) if one != "unknown"]
    plain = {place: _plain(values[place]) for place in told}
    numbers = {place: _number(text) for place, text in plain.items()}
    known = {number for number in numbers.values() if number is not None}
    both = known <= {0.0, 1.0} or known == {-1.0, 1.0}
    for place in told:
        number = numbers[place]
        if number is not None and both:
            found[place] = "event" if number == 1 else "none"
    letters = {text for text in plain.values() if len(text) == 1 and text.isalpha()}
    for pair in LETTERS:
        if letters == set(pair):
            for place in told:
                if plain[place] in letters:
                    found[place] = "event" if plain[place] == pair[0] else "none"
    return tuple(_beside(values, found, place) for place in range(len(values)))


def _beside(values: Sequence[str], found: Sequence[Meaning], place: int) -> Meaning:
    """A word that is another value with a negation before or behind it says that it did not."""
    if found[place]:
        return found[place]
    text = "".join(_split(values[place]))
    others = {"".join(_split(value)) for value in values} - {text, ""} - WISHED
    turned = any(text == start + other for start in BEFORE for other in others)
    turned = turned or any(text == other + end for end in BEHIND for other in others)
    return "none" if turned else ""


def event_of(values: Sequence[str]) -> tuple[str, str] | None:
    """Which of two values is the event, and why, as a part of a sentence.

    None where the words do not tell (1 and 2, A and B): ask. Neither the order of the values nor
    how often they stand matters.
    """
    if len(values) != 2:
        return None
    told = meanings(values)
    if "unknown" in told:
        return None
    for event, other in ((0, 1), (1, 0)):
        if told[event] == "event" and told[other] != "event":
            return values[event], f"'{values[event]}' says that it happened"
        if told[other] == "none" and told[event] != "none":
            return values[event], f"'{values[other]}' says that it did not happen"
    return None


def denies(column: str, values: Sequence[str]) -> bool:
    """Whether values only say yes or no to what the column is called, and that may be that nothing
    happened: 1 of "censored", yes of "alive"."""
    bare = all(not meaning(value) or _plain(value) in YES | NO for value in values)
    return bare and (meaning(column) == "none" or bool(CENSORED.search(_plain(column))))


def _keys(values: Iterable[str]) -> dict[str, tuple[str, bool] | None]:
    """Value -> (kind of word, whether it says yes), for words that mean the same as others."""
    found: dict[str, tuple[str, bool] | None] = {}
    texts = {value: _plain(value) for value in values}
    numbers = {n for text in texts.values() if (n := _number(text)) is not None}
    letters = {text for text in texts.values() if len(text) == 1 and text.isalpha()}
    for value, text in texts.items():
        found[value] = None
        if (number := _number(text)) is not None:
            found[value] = ("said", number == 1) if numbers <= {0.0, 1.0} else None
        elif text in letters and text.isascii():
            found[value] = _letter(text, letters)
        else:
            for name, happened, did_not in KINDS[:3]:
                if text in happened or text in did_not:
                    found[value] = (name, text in happened)
    return found


def _letter(text: str, letters: set[str]) -> tuple[str, bool] | None:
    for pair in LETTERS:
        if letters <= set(pair) and text in pair and (len(letters) == 2 or pair == "yn"):
            return ("said", text == pair[0])
    return None


def same_spelling(value: str) -> str:
    """What is left of a value once case, accents and signs between words do not matter."""
    text = _plain(value)
    number = _number(text)
    if number is None:
        return " ".join(_split(value)) or text
    if DIGITS.fullmatch(text):
        # Every digit counts: codes of eight (SNOMED CT) and more differ in their last ones.
        return f"{Decimal(text.replace(',', '.')).normalize():f}"
    return f"{number:g}"


def translated(
    values: Sequence[str], positive: Sequence[str], negative: Sequence[str]
) -> dict[str, str]:
    """Value of another file -> the one of the model's values that it means; others are not in it.

    The same word in another spelling (``Yes``, ``YES``), or another word for the same
    (``1``, ``true``, ``ja`` for ``yes``; ``deceased`` for ``died``).
    """
    known = (*positive, *negative)
    plain: dict[str, str] = {}
    for value in known:
        plain.setdefault(same_spelling(value), value)
    keys: dict[tuple[str, bool], str] = {}
    for value, key in _keys(known).items():
        if key is not None:
            keys.setdefault(key, value)
    strange = [value for value in values if value not in known]
    theirs = _keys(value for value in strange if same_spelling(value) not in plain)
    found = {value: value for value in values if value in known}
    for value in strange:
        match = plain.get(same_spelling(value))
        key = theirs.get(value)
        if match is None and key is not None:
            match = keys.get(key)
        if match is not None:
            found[value] = match
    return found
