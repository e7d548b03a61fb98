"""Bytes of eight bits a letter, or two -> the encoding in which they are words.

Nothing in such a file says how it is encoded. In a wrong encoding the same bytes are rare letters,
letters of several scripts in one word, or capitals within words; in the right one they are mostly
the few hundred letters that a language writes every day.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

# The characters that tables of patients have most: of years, sex, outcomes, places and findings.
CHINESE = (
    "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心多"
    "天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知龄性别男女结果"
    "死亡存活患者病人编号姓名诊断住院出血压糖尿高吸烟史体重身检查治疗药物血清白细胞红板蛋酸胆固醇肌酐转移癌肿瘤"
    "阳阴级期是否正常异率数值分组日期科室医院类型程度轻重度手术肺肝肾胃脑胸腹左右部位指标入量钠钾氯钙葡萄"
    "单位岁月备注民族汉职业婚姻已未农工教育地址电话北京上海广东四川江浙河南省市区县"
)
TRADITIONAL = (
    "的一是不了在人有我他這中大來上個國到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可裡後小麼心多"
    "天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從動兩長知齡性別男女結果"
    "死亡存活患者病人編號姓名診斷住院出血壓糖尿高吸菸煙史體重身檢查治療藥物血清白細胞紅板蛋酸膽固醇肌酐轉移癌腫瘤"
    "陽陰級期是否正常異率數值分組日期科室醫院類型程度輕重度手術肺肝腎胃腦胸腹左右部位指標入量鈉鉀氯鈣葡萄"
    "單位歲月備註台北高雄中壢縣市區"
)
JAPANESE = (
    "年齢性別男女転帰死亡生存患者番号氏名診断入院退院日血圧糖尿病高低喫煙歴体重身長検査値治療薬有無陽陰正常異"
    "術前後結果群期度左右肺肝腎胃脳心癌腫瘍転移歳月時分県市区東京大阪白赤球数板量率型軽中重症備考"
)
KOREAN = (
    "나이연령성별결과남여자예아니오사망생존환자번호이름진단입원퇴원일혈압당뇨병고저흡연력체중신장키몸무게검사치료"
    "약물유무양음정상비전후군기도좌우폐간신위뇌심암종양이세월시분서울부산대구인천경남북충전라강원제주의가을를은는"
    "에서로하다고지한국수치수술백적혈구소판량율형경중등증한비고키급만성"
)
CYRILLIC = "оеаинтсрвлкмдпуяж", "ыьгзбчйхшюцщэфёіїєґў"
GREEK = "αεηικλμνοπρστυςάέίό", "βγδζθξφχψωήύώ"
HEBREW = "יוהלאמרשתבנןכקדם", "גזחטסעפצץףך"
ARABIC = "اليمنوتربةعدسقفهك", "ثجحخذزشصضطظغىءأإآؤئپچژگ"
THAI = "กขคงจชดตทนบปผพมยรลวสหอะาิีุูเแโไ่้ั", "ซญณถธฟศษฮำึืใ๊์ๆ"
WESTERN = "äöüßéèàâçêîïôñáíóúãõåæøëœ°µ±²³½·–—’“”„€"
CENTRAL = "ąćęłńóśźżčěňřšťůžáéíúőűöüäôăâî°", "ďýĺľŕşţđß"
TURKISH = "çğıöşü", "âî°"
BALTIC = "ąčęėįšųūžāēģīķļņõäöü", "°"

PLAIN = re.compile(r"[ -~\s]+")


@dataclass(frozen=True)
class Script:
    """Letters that are common where a file is in one of these encodings, the likelier first."""

    encodings: tuple[str, ...]
    common: str
    rarer: str = ""


SCRIPTS = (
    Script(("gb18030",), CHINESE),
    Script(("big5hkscs",), TRADITIONAL),
    Script(("cp932", "euc_jp"), JAPANESE),
    Script(("cp949",), KOREAN),
    Script(("cp1251", "koi8_u", "cp866", "iso8859_5", "mac_cyrillic"), *CYRILLIC),
    Script(("cp1253", "iso8859_7"), *GREEK),
    Script(("cp1255",), *HEBREW),
    Script(("cp1256", "iso8859_6"), *ARABIC),
    Script(("cp874",), *THAI),
    Script(("cp1252", "mac_roman", "cp850"), WESTERN),
    Script(("cp1250", "iso8859_2", "cp852"), *CENTRAL),
    Script(("cp1254",), *TURKISH),
    Script(("cp1257",), *BALTIC),
)
ENCODINGS = ("utf-8", "utf-16", *(name for script in SCRIPTS for name in script.encodings))


def ranked(telling: bytes) -> list[tuple[float, str]]:
    """(score, encoding), the best first; those in which the bytes are no text are left out.

    Args:
        telling: whole lines that are not plain ASCII.
    """
    scores = []
    for script in SCRIPTS:
        weights = dict.fromkeys(script.rarer.upper(), 0.7) | dict.fromkeys(script.rarer, 0.8)
        weights |= dict.fromkeys(script.common.upper(), 0.9) | dict.fromkeys(script.common, 1.0)
        for place, encoding in enumerate(script.encodings):
            try:
                text = telling.decode(encoding)
            except UnicodeDecodeError:
                continue
            scores.append((_score(text, weights) - 0.02 * place, encoding))
    return sorted(scores, key=lambda one: -one[0])


def _score(text: str, weights: Mapping[str, float]) -> float:
    """1 where every letter beyond ASCII is a common one of that script; 0 and less for noise."""
    strange = PLAIN.sub("", text)
    if not strange:
        return 0.0
    points = sum(weights.get(letter) or _points(letter) for letter in strange)
    return (points - _capitals_within(text)) / len(strange)


def _points(letter: str) -> float:
    """What a letter that is not common says: kana and hangul are words of one language alone."""
    code = ord(letter)
    if 0x3041 <= code <= 0x30FF:
        return 0.9
    if 0x4E00 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3:
        return 0.25
    if 0xFF00 <= code <= 0xFFEF or 0x3000 <= code <= 0x3020:
        return 0.4
    return 0.1 if letter.isalpha() and code < 0xE000 else -0.5


def _capitals_within(text: str) -> int:
    """Capitals after small letters, and letters of two scripts side by side."""
    return sum(
        (before.islower() and letter.isupper() and ord(letter) > 127)
        or (before.isascii() and before.isalpha() and ord(letter) > 0x24F and _in_words(letter))
        or (letter.isascii() and letter.isalpha() and 0x24F < ord(before) < 0x1E00)
        for before, letter in pairwise(text)
    )


def _in_words(letter: str) -> bool:
    """Whether it is a letter, or a vowel or tone that stands above or below one, as in Thai."""
    return letter.isalpha() or unicodedata.category(letter).startswith("M")
