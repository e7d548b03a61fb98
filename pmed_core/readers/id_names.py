"""What columns are called that number persons, stays, visits, samples, molecules or rows.

Names of MIMIC, eICU, OMOP, REDCap, Epic, Cerner and hospitals of many countries.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MANY = 10
"""Different values from which on a column may number something."""
NUMBERED = (
    "(?:id|ids|no|nr|num|numer|number|nummer|numero|numara|cislo|broj|szam|azonosito|n|key|code"
    "|identifier|uid|uuid|sk|ref)"
)
NAMES_MOLECULE = (
    r"(?:molecule|mol|compound|cmpd|ligand|chemical|substance|drug)(?:pref(?:erred)?)?(?:name)?"
    r"|prefname"
)
"""What names molecules where nearly each has another, and says what was given where few do."""


@dataclass(frozen=True)
class Level:
    """One kind of thing that a number can stand for.

    Attributes:
        title: in words.
        names: a pattern of column names without case, accents, spaces and signs.
        sure: the name alone tells, whatever stands in the cells.
        one: what rows with the same number are one of.
    """

    title: str
    names: re.Pattern[str]
    sure: bool
    one: str = "patient"


def _level(title: str, names: str, *, sure: bool = True, one: str = "patient") -> Level:
    return Level(title, re.compile(f"^(?:{names})$"), sure, one)


PERSON, RECORD, CASE, ADMISSION, UNIT_STAY, VISIT, SAMPLE, MOLECULE, ROW, GROUP = LEVELS = (
    _level(
        "person",
        rf"(?:patient|pat|pt|subject|subj|participant|person|individual|client|member|donor|paziente"
        rf"|paciente|patienten|pasient|pacient|pacjent|pacjenta|pacijent|pacijenta|beteg|malade|potilas|hasta"
        rf"|proband|probanden){NUMBERED}"
        rf"|{NUMBERED}(?:patient|paziente|paciente|pacient|pacienta|pacjenta|pacijenta|patienten|malade"
        r"|subject|persona|person|rekammedis)"
        r"|cod(?:igo|ice)?(?:patient|paziente|paciente|persona)|(?:bcr)?(?:patient|subject)barcode"
        r"|seqn|urn|uhid|chart(?:no|nr|number)|folder(?:no|nr|number)|aadhaar(?:no|number)?|nric|hkid"
        r"|svnr|sozialversicherungsnummer|ahv(?:nr|nummer)?|jmbg|oib|egn|cnp|amka"
        r"|(?:n|no|nr|num|numero)(?:de|di|du|del)?(?:dossier|patient|paziente|paciente|historia|cartella"
        r"|historiaclinica|prontuario)"
        r"|pidnum|uniquepid|iid|mabenhnhan|usubjid|subjid|ptnum|patmrn(?:id)?|mrn(?:id)?|empi(?:id)?|mpi|pid"
        r"|patientpseudonym|pseudonym|personsourcevalue|patdeid|deid|patientnum|anonpatid|eid"
        r"|medicalrecord(?:no|nr|num|number)?|hospital(?:no|nr|number)|hospno|unitnumber"
        r"|nhs(?:no|number|num)?|chi(?:no|number)|ssn|socialsecurity(?:no|number)?|nationalid"
        r"|patientennummer|patientennr|patnr|ipp|nip|numerodossier|numdossier|nodossier|ndossier"
        r"|numeroidentificationpatient|nhc|historia|historiaclinica|numerohistoria(?:clinica)?"
        r"|nhistoria|dni|nif|nie|codicefiscale|cf|codicepaziente|codpaziente|numerocartella|bsn"
        r"|patientnummer|cpr(?:nr|nummer)?|personnummer|fodselsnummer|hetu|pesel|rodnecislo|curp"
        r"|rut|cpf|cns|prontuario|tckimlikno|protokolno|номеркарты|снилс|idпациента|病历号|病案号"
        r"|患者id|患者番号|환자번호|등록번호|住院号码",
    ),
    _level("record", rf"(?:record|study|research|registry|reg|registration|trial"
           rf"|enrol(?:l)?ment){NUMBERED}",
           sure=False),
    _level("case", rf"(?:case|cas|caso|file|dossier|opd?|ipd?|cr|ward){NUMBERED}", sure=False),
    _level(
        "admission",
        rf"(?:hadm|admission|admit|encounter|enc|episode|spell|hospitali[sz]ation|hosp|inpatient"
        rf"|contact|aufnahme|fall|sejour|ricovero|episodio|ingreso|opname|internacao|account)"
        rf"{NUMBERED}|{NUMBERED}(?:sejour|admission|encounter|episodio|ricovero|fall|hospitalisation)"
        r"|patienthealthsystemstayid|patenccsnid|csn(?:id)?|har(?:id)?|fin(?:nbr)?|hsp(?:account)id"
        r"|visitoccurrenceid|precedingvisitoccurrenceid|iep|住院号|入院号|encntrid",
    ),
    _level("stay", rf"(?:patientunitstay|icustay|icu|stay|unitstay|ward ?stay){NUMBERED}"),
    _level(
        "visit", rf"(?:visit|appointment|visitdetail|consultation|besuch|visite|order|procedure"
        rf"|surgery|operation|exam|examination|accession){NUMBERED}", sure=False,
    ),
    _level(
        "sample", rf"(?:sample|specimen|aliquot|tube|biopsy|tissue|tumou?r|block|slide|image|scan"
        rf"|series|lab|labevent|measurement|observation|event|prescription|drugexposure"
        rf"|conditionoccurrence|procedureoccurrence|note){NUMBERED}|barcode|bcrsamplebarcode"
        r"|studyinstanceuid|seriesinstanceuid|sopinstanceuid", sure=False,
    ),
    _level("molecule", rf"(?:molecule|mol|compound|cmpd|ligand)(?:chembl)?(?!key$){NUMBERED}"
           rf"|chemblid|pubchem(?:compound)?cid|{NAMES_MOLECULE}", sure=False, one="molecule"),
    _level("row", rf"{NUMBERED}|row{NUMBERED}?|(?:serial|sl|sr|s|lfd|laufende){NUMBERED}"
           r"|identificador|identifiant|identificativo|kennung|"
           r"rownames?|unnamed\d*|guid"
           r"|patient|subject|participant|person|record|sample|specimen|case|encounter|admission"
           r"|visit|stay", sure=False),
    _level("group", rf"(?:twin)?pair{NUMBERED}?|(?:matched|matching)(?:set|pair|group){NUMBERED}?"
           rf"|match{NUMBERED}|(?:household|litter|sibship|couple|dyad|family|fam|pedigree"
           rf"|cluster){NUMBERED}?|fid", sure=False),
)  # fmt: skip
PEOPLE = re.compile(r"^(?:patient|subject|participant|person)$")
"""What may number rows, and people where it stands beside what numbers their samples or visits."""
OTHERS = re.compile(r"(?:^id_|_(?:id|uid|uuid|guid|cid|sid)$)")
NUMBERS = re.compile(r"_(?:no|nr|num|number|nummer|numero|barcode|serial|ref|key)$")
"""What numbers something, where each value stands in one run of rows."""
INNER = re.compile(r"(?<=[^\W_A-Z])(?=(?:ID|Id|No|Nr|Num|Number|Nummer|UID)$)")
"""Where a word begins inside of a name: deviceID."""
COUNTERS = re.compile(
    r"column 1|row name|pubchem_result_tag|index|level_0|unnamed.*|\.\.\.1|nr\.?|no\.?|#|№"
    r"|lfd\.? ?nr\.?|n°"
)
"""What programs and people call the first column where it numbers the rows; R calls it X."""
CARDS = re.compile(
    r"(?:^|[\W_])(?:(?:мед|амб)?карт[аы]|карточк[аи]|иб)(?:$|[\W_])|卡号|カルテ|就诊号|门诊号|病歴|차트"
    r"|[^\x00-\x7f][\W_]?ids?$|^ids?[\W_]?[^\x00-\x7f]"
)
"""Names in other scripts of what numbers persons and their records."""
COUNTED_ABROAD = re.compile(
    r"(?:番号|番號|编号|編號|号码|號碼|号|번호|№|номер|رقم|شماره|מספר|เลขที่|αριθμός)$"
    r"|^(?:№|номер|رقم|شماره|מספר|เลขที่|αριθμός)"
)
"""The same of anything: some number days, visits or beds."""


def squeezed(name: str) -> str:
    """A column name without case, accents, spaces and signs."""
    text = unicodedata.normalize("NFKD", name.replace("#", "no")).casefold()
    bare = "".join(sign for sign in text if not "\u0300" <= sign <= "\u036f")
    return "".join(sign for sign in unicodedata.normalize("NFC", bare) if sign.isalnum())


def level(name: str) -> Level | None:
    """What a column of that name numbers, if its name says so."""
    short = squeezed(name)
    return next((one for one in LEVELS if one.names.match(short)), None)


def names_molecules(name: str) -> bool:
    """Whether a column is called as names of molecules are, and not as their numbers."""
    return re.fullmatch(NAMES_MOLECULE, squeezed(name)) is not None


def slug(name: str) -> str:
    """Small words with lines between them."""
    parted = INNER.sub("_", name).casefold().replace("#", " no")
    return re.sub(r"[ .-]+", "_", parted.strip(" .:"))


def is_id(name: str) -> bool:
    """Whether it is called an id, and no number or code of something."""
    found = level(name)
    abroad = CARDS.search(name.casefold().strip())
    return bool((found and found.sure) or abroad or OTHERS.search(slug(name)))
