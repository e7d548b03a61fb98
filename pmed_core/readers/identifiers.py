"""Whose row it is: columns that name a person, a stay, a visit or a sample, and never say more.

Known by name (MIMIC, eICU, OMOP, REDCap, Epic, Cerner and hospitals of many countries) and by how
their cells look, however often they repeat. Exactly one of them says which rows are of one patient:
the person before the stay, the stay before the visit, the visit before the sample.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from pmed_core.errors import UserError
from pmed_core.reading import Choices, Decision
from pmed_core.variable import Kind, Role, Variable

RULE = "identifier"
NUMBERED = "(?:id|ids|no|nr|num|number|nummer|numero|n|key|code|identifier|uid|uuid|sk|ref)"
MANY = 10
LONG_DIGITS = 12
SAME_WIDTH = 7
STEADY = re.compile(r"(?:^|[ _.-])(sex|gender|birth|dob|race|ethnicity|age)(?:$|[ _.-])", re.I)
DAY = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:[0-2]\d|3[01])")
UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"


@dataclass(frozen=True)
class Level:
    """One kind of thing that a number can stand for.

    Attributes:
        title: in words.
        names: a pattern of column names without case, accents, spaces and signs.
        sure: the name alone tells, whatever stands in the cells.
    """

    title: str
    names: re.Pattern[str]
    sure: bool


def _level(title: str, names: str, *, sure: bool = True) -> Level:
    return Level(title, re.compile(f"^(?:{names})$"), sure)


PERSON, RECORD, CASE, ADMISSION, UNIT_STAY, VISIT, SAMPLE, ROW = LEVELS = (
    _level(
        "person",
        rf"(?:patient|pat|pt|subject|subj|participant|person|individual|client|member|donor|paziente"
        rf"|paciente|patienten|pasient|pacient|potilas|hasta|proband|probanden){NUMBERED}"
        rf"|{NUMBERED}(?:patient|paziente|paciente|patienten|subject|persona|person)"
        r"|cod(?:igo|ice)?(?:patient|paziente|paciente|persona)|(?:bcr)?(?:patient|subject)barcode"
        r"|seqn|urn|uhid|chart(?:no|nr|number)|folder(?:no|nr|number)|aadhaar(?:no|number)?|nric|hkid"
        r"|svnr|sozialversicherungsnummer|ahv(?:nr|nummer)?|jmbg|oib|egn|cnp|amka"
        r"|(?:n|no|nr|num|numero)(?:de|di|du|del)?(?:dossier|patient|paziente|paciente|historia|cartella"
        r"|historiaclinica|prontuario)"
        r"|pidnum|uniquepid|usubjid|subjid|ptnum|patmrn(?:id)?|mrn(?:id)?|empi(?:id)?|mpi|pid"
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
    _level("row", rf"{NUMBERED}|row{NUMBERED}?|(?:serial|sl|sr|s|lfd|laufende){NUMBERED}"
           r"|identificador|identifiant|identificativo|kennung|"
           r"rownames?|unnamed\d*|guid"
           r"|patient|subject|participant|person|record|sample|specimen|case|encounter|admission"
           r"|visit|stay", sure=False),
)  # fmt: skip
OTHERS = re.compile(r"(?:^id_|_(?:id|uid|uuid|guid)$)")
NUMBERS = re.compile(r"_(?:no|nr|num|number|nummer|numero|barcode|serial|ref|key)$")
"""What numbers something, where each value stands in one run of rows."""
COUNTERS = re.compile(
    r"column 1|row name|index|level_0|unnamed.*|\.\.\.1|nr\.?|no\.?|#|№|lfd\.? ?nr\.?|n°"
)
"""What programs and people call the first column where it numbers the rows; R calls it X."""
NAMES = re.compile(
    r"(?:patient|pat|pt|first|last|sur|family|given|middle|full|maiden|fore|christian|mother|father)s?"
    r"names?|name(?:first|last|patient)|surname|forename|initials|vorname|nachname|familienname"
    r"|patientenname|prenom|nomdefamille|nompatient|nompatronymique|nomdenaissance|apellidos?"
    r"|nombrepaciente|nombrecompleto|primerapellido|segundoapellido|cognome|nomepaziente|sobrenome"
    r"|nomepaciente|nomecompleto|achternaam|voornaam|fornavn|efternavn|etternavn|fornamn|efternamn"
    r"|imie|nazwisko|jmeno|prijmeni|имя|фамилия|отчество|фио|姓名|氏名|名前|患者姓名|患者名|이름|성명|환자명"
    r"|email|emailaddress|telephone(?:number)?|phone(?:number)?|mobile(?:number)?|telefon(?:nummer)?"
    r"|telefono|dob|birthdate|dateofbirth|geburtsdatum|datedenaissance|fechanacimiento"
    r"|fechadenacimiento|datadinascita|datanascita|datadenascimento|geboortedatum|fodselsdato"
)
DIRECT = (
    (re.compile(r"(^|[ _.-])(first|last|sur|family|given|middle|full|maiden|patient)?[ _.-]?name$",
                re.IGNORECASE), "a person's name"),
    (re.compile(r"(e[-_ ]?mail|phone|telephone|mobile|fax)", re.IGNORECASE), "a contact detail"),
    (re.compile(r"(^|[ _.-])(mrn|ssn|nhs|insurance|policy|passport|national)([ _.-]|$)"
                r"|social.?security|medical.?record|record.?(no|number)$"
                r"|codice.?fiscale|^(bsn|pesel|curp|dni|hetu|cpf)$|^cpr.?(nr|nummer)?$"
                r"|personnummer|krankenversicherung|versichertennummer", re.IGNORECASE),
     "a record or insurance number"),
    (re.compile(r"(street|address|postcode|zip.?code|postal)", re.IGNORECASE), "an address"),
    (re.compile(r"(birth.?date|date.?of.?birth|^dob$)", re.IGNORECASE), "a date of birth"),
)  # fmt: skip
VALUES = (
    (r"^[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}$", "a contact detail"),
    (r"^\+\d[\d\s()/-]{7,}$|^\(?\d{3}\)?[ -]\d{3}[ -]\d{4}$", "a contact detail"),
    (r"^\d{3}-\d{2}-\d{4}$", "a record or insurance number"),
    (r"^[A-Z][\w'’-]+, (?:Mrs?\.? |Ms\.? |Dr\.? )?[A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*)?$",
     "a person's name"),
    (r"^(?:Mr|Mrs|Ms|Miss|Herr|Frau|Mme|Sig|Sra?|Dhr|Mevr)\.? [A-Z][\w'’-]+", "a person's name"),
)  # fmt: skip
NUMBER_OF_RECORD = "a record or insurance number"


def _squeezed(name: str) -> str:
    """A column name without case, accents, spaces and signs."""
    text = unicodedata.normalize("NFKD", name.replace("#", "no")).casefold()
    bare = "".join(sign for sign in text if not "\u0300" <= sign <= "\u036f")
    return "".join(sign for sign in unicodedata.normalize("NFC", bare) if sign.isalnum())


def level(name: str) -> Level | None:
    """What a column of that name numbers, if its name says so."""
    squeezed = _squeezed(name)
    return next((one for one in LEVELS if one.names.match(squeezed)), None)


def direct(name: str) -> bool:
    """Whether a column of that name may say directly who somebody is."""
    return any(pattern.search(name) for pattern, _ in DIRECT)


def identity(name: str, known: pd.Series[str], rows: int) -> Variable | None:
    """The variable of a column that says who or what a row is of; None for any other.

    One that may tell a patient's rows has the role PATIENT until ``settled`` has seen all of them.

    Args:
        name: of the column.
        known: its cells that are not missing, as text.
        rows: of the table.
    """
    if not len(known) or re.search(r"concept|___\w+$", name, re.IGNORECASE):
        return None
    found, distinct = level(name), known.nunique()
    if (name == "X" or COUNTERS.fullmatch(name.casefold().strip())) and _counts(known, rows):
        return _left_out(name, "counts the rows")
    if reason := _direct(name, known, distinct):
        repeats = reason == NUMBER_OF_RECORD and distinct < len(known)
        if not (repeats and found):
            text = f"looks like {reason}, a direct identifier"
            return _left_out(name, text)
    if found and _holds_ids(known, distinct, found):
        return Variable(
            name, Kind.IDENTIFIER, Role.PATIENT, reason=f"looks like a {found.title} id"
        )
    return _by_cells(name, known, distinct, rows)


def _counts(known: pd.Series[str], rows: int) -> bool:
    """0, 1, 2, or 1, 2, 3, down to the last row."""
    first = str(known.iloc[0])
    if len(known) != rows or rows < MANY or first not in ("0", "1"):
        return False
    return known.tolist() == [str(int(first) + row) for row in range(rows)]


def _left_out(name: str, reason: str) -> Variable:
    return Variable(name, Kind.IDENTIFIER, Role.IGNORE, reason=reason)


def _direct(name: str, known: pd.Series[str], distinct: int) -> str:
    often = distinct > 0.5 * len(known)
    if NAMES.fullmatch(_squeezed(name)) and (often or distinct >= MANY):
        return next((reason for p, reason in DIRECT if p.search(name)), "a person's name")
    for pattern, reason in DIRECT:
        # A category such as "street drug use" or "drug name" has few values; a name has many.
        many = often or (reason == NUMBER_OF_RECORD and distinct >= MANY)
        if pattern.search(name) and many:
            return reason
    sample = known.head(200)
    for value_pattern, reason in VALUES:
        if sample.str.match(value_pattern).mean() > 0.8 and (often or distinct >= MANY):
            return reason
    return ""


def _holds_ids(known: pd.Series[str], distinct: int, found: Level) -> bool:
    """Whether cells fit a name that says that they number something."""
    sample = known.head(500)
    numbered = sample.str.contains(r"\d").mean() > 0.9
    if not found.sure and sample.str.match(r"\d{1,4}([-./])\d{1,2}\1\d{1,4}(\D|$)").mean() > 0.5:
        return False
    broken = sample.str.match(r"^-?\d+[.,]\d*[1-9]\d*$").mean() > 0.1
    if found.sure:
        return not broken and (distinct > 2 or len(known) < 20) and (numbered or distinct >= MANY)
    many = distinct >= max(3, min(MANY, 0.3 * len(known)))
    if found is ROW:
        many = distinct > 0.3 * len(known) or (distinct >= MANY and _in_runs(known))
        return many and not broken and (bool(numbered) or distinct > 0.9 * len(known))
    return many and not broken and bool(numbered or distinct > 0.5 * len(known))


def _in_runs(known: pd.Series[str]) -> bool:
    """Each value stands in one run of rows: a person's visits below one another."""
    starts = int((known != known.shift()).sum())
    return starts == known.nunique() and starts < len(known)


def _by_cells(name: str, known: pd.Series[str], distinct: int, rows: int) -> Variable | None:
    sample = known.head(200)
    if sample.str.match(UUID).mean() > 0.9 and distinct > 2:
        return _left_out(name, "holds identifiers that programs give (UUID)")
    if not sample.str.fullmatch(r"\d+").all():
        return _other_id(name, known, distinct)
    widths = known.str.len()
    if widths.min() >= LONG_DIGITS and distinct > 2 and known.str.fullmatch(r"\d+").all():
        return _left_out(name, f"holds numbers of {widths.max()} digits, as record numbers are")
    alike = widths.min() == widths.max() >= SAME_WIDTH and distinct > max(MANY, 0.1 * len(known))
    if alike and known.str.fullmatch(r"\d+").all() and not known.str.fullmatch(DAY).mean() > 0.9:
        return _left_out(name, f"holds numbers of {widths.max()} digits, as record numbers are")
    return _other_id(name, known, distinct)


def _other_id(name: str, known: pd.Series[str], distinct: int) -> Variable | None:
    """``provider_id``: few values are a category, many an identifier."""
    slug = re.sub(r"[ .-]+", "_", name.casefold().replace("#", " no").strip(" .:"))
    each = distinct == len(known) or _in_runs(known)
    counted = distinct >= MANY and each and not known.head(200).str.contains(r"[.,]\d").any()
    if (OTHERS.search(slug) and (distinct > 64 or counted)) or (NUMBERS.search(slug) and counted):
        return _left_out(name, "is an identifier by its name")
    return None


def settled(
    variables: Sequence[Variable], cells: pd.DataFrame, choices: Choices, where: str
) -> tuple[tuple[Variable, ...], tuple[Decision, ...]]:
    """One column says whose row it is; the other identifiers are left out. With the account.

    Raises ``UserError`` where the chosen column is not there.
    """
    chosen = choices.get("patient", "")
    names = [v.name for v in variables]
    if chosen and chosen != "none" and chosen not in names:
        raise UserError(
            f"There is no column '{chosen}' for the choice 'patient'", where,
            f"The columns are: {', '.join(names[:20])}.",
        )  # fmt: skip
    candidates = sorted(
        (v for v in variables if v.role is Role.PATIENT),
        key=lambda v: (_rank(v.name), int(cells[v.name].isna().sum())),
    )
    person = chosen or next((v.name for v in candidates), "none")
    given, told = [], []
    for variable in variables:
        if variable.name == person:
            variable = replace(
                variable, kind=Kind.IDENTIFIER, role=Role.PATIENT, range=None, categories=(),
                reason=variable.reason or "was chosen as the patient id",
            )  # fmt: skip
        elif variable.role is Role.PATIENT:
            variable = replace(variable, role=Role.IGNORE, reason=_why_not(variable, person))
        given.append(variable)
        if variable.role is Role.IGNORE and variable.kind is Kind.IDENTIFIER:
            told.append(_identifier(variable, len(cells[variable.name])))
    if person != "none":
        told.insert(0, _patient(person, [v.name for v in candidates], cells[person], names))
    return tuple(given), tuple(told)


def _rank(name: str) -> int:
    found = level(name)
    if found is None:
        return len(LEVELS)
    # A bare "id" is the person where stays and samples have ids of their own.
    return LEVELS.index(CASE) if found is ROW else LEVELS.index(found)


def _why_not(variable: Variable, person: str) -> str:
    found = level(variable.name)
    if direct(variable.name):
        return f"looks like {NUMBER_OF_RECORD}, a direct identifier"
    title = found.title if found else "row"
    return f"is {_a(title)} id; another column is the patient id" + (
        f" ('{person}')" if person != "none" else ""
    )


def _a(title: str) -> str:
    return f"{'an' if title[0] in 'aeiou' else 'a'} {title}"


def numbering(variables: Sequence[Variable]) -> list[str]:
    """Columns that number persons, stays or samples."""
    return [
        v.name
        for v in variables
        if v.kind is Kind.IDENTIFIER
        and "direct identifier" not in v.reason
        and not v.reason.startswith("nearly every value")
    ]


def groups_like_persons(table: pd.DataFrame, variable: Variable) -> bool:
    """Whether rows with the same whole number always share sex, birth or age: by behaviour."""
    if variable.kind is not Kind.NUMBER or STEADY.search(variable.name):
        return False
    cells = table[variable.name]
    known = cells.dropna()
    distinct = known.nunique()
    few = distinct < MANY or distinct < 0.05 * len(known) or distinct > 0.8 * len(known)
    if few or bool((known != known.round()).any()):
        return False
    steady = [str(c) for c in table.columns if STEADY.search(str(c)) and table[c].nunique() > 1]
    if not steady:
        return False
    several = cells[cells.duplicated(keep=False) & cells.notna()].index
    part = table.loc[several]
    counts = part.groupby(variable.name)[steady].nunique()
    mixed = [bool((table[c].value_counts(normalize=True) < 0.9).all()) for c in steady]
    return any(mixed) and len(counts) >= MANY and bool((counts <= 1).to_numpy().all())


def _identifier(variable: Variable, rows: int) -> Decision:
    return Decision(
        RULE, "left out", f"'{variable.name}' {variable.reason}: a model does not read it.",
        variable.name, rows,
    )  # fmt: skip


def _patient(
    person: str, candidates: Sequence[str], cells: pd.Series[str], names: Sequence[str]
) -> Decision:
    found, missing = level(person), int(cells.isna().sum())
    several = int(cells.nunique())
    sentence = (
        f"Rows with the same '{person}' are one patient: {several:,} patient"
        f"{'s' * (several != 1)} in {len(cells):,} rows."
    )
    if found in (ADMISSION, UNIT_STAY, VISIT, SAMPLE):
        sentence += f" It is {_a(found.title)} id: one person may have several."
    others = [name for name in candidates if name != person]
    if others:
        sentence += f" Other identifiers: {', '.join(repr(name) for name in others[:5])}."
    if missing:
        sentence += (
            f" {missing:,} row{'s have' if missing > 1 else ' has'} none and "
            f"count{'s' * (missing == 1)} as {'patients' if missing > 1 else 'a patient'} of "
            f"{'their' if missing > 1 else 'its'} own."
        )
    options = (*dict.fromkeys((*candidates, person)), "none")
    proved = not missing and found in (PERSON, RECORD) and not (found is RECORD and others)
    return Decision("patient", person, sentence, "", len(cells), (), options, proved)
