"""What may say directly who somebody is: names, numbers of records, addresses, contacts."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from pmed_core.readers.id_names import MANY, squeezed

NAMES = re.compile(
    r"(?:patient|pat|pt|first|last|sur|family|given|middle|full|maiden|fore|christian|mother|father)s?"
    r"names?|name(?:first|last|patient)|surname|forename|initials|vorname|nachname|familienname"
    r"|patientenname|prenom|nomdefamille|nompatient|nompatronymique|nomdenaissance|apellidos?"
    r"|nombrepaciente|nombrecompleto|primerapellido|segundoapellido|cognome|nomepaziente|sobrenome"
    r"|nomepaciente|nomecompleto|achternaam|voornaam|fornavn|efternavn|etternavn|fornamn|efternamn"
    r"|imie|nazwisko|jmeno|prijmeni|имя|фамилия|отчество|фио|姓名|氏名|名前|患者姓名|患者名|이름|성명|환자명"
)
CONTACTS = re.compile(
    r"email|emailaddress|telephone(?:number)?|phone(?:number)?|mobile(?:number)?|telefon(?:nummer)?"
    r"|telefono"
)
BIRTHS = re.compile(
    r"dob|birthdate|dateofbirth|geburtsdatum|datedenaissance|fechanacimiento"
    r"|fechadenacimiento|datadinascita|datanascita|datadenascimento|geboortedatum|fodselsdato"
)
BESIDE = re.compile(
    r"names?|nom|nome|nombre|naam|navn|namn|nimi|nazwa|nev|isim|ime|first|last|middle|given|initials?"
)
"""Names of persons where other columns hold names or dates of birth; alone, of anything."""
NAME, CONTACT, BIRTH = "a person's name", "a contact detail", "a date of birth"
DIRECT = (
    (re.compile(r"(^|[ _.-])(first|last|sur|family|given|middle|full|maiden|patient)?[ _.-]?name$",
                re.IGNORECASE), NAME),
    (re.compile(r"(e[-_ ]?mail|phone|telephone|mobile|fax)", re.IGNORECASE), CONTACT),
    (re.compile(r"(^|[ _.-])(mrn|ssn|nhs|insurance|policy|passport|national)([ _.-]|$)"
                r"|social.?security|medical.?record|record.?(no|number)$"
                r"|codice.?fiscale|^(bsn|pesel|curp|dni|hetu|cpf)$|^cpr.?(nr|nummer)?$"
                r"|personnummer|krankenversicherung|versichertennummer", re.IGNORECASE),
     "a record or insurance number"),
    (re.compile(r"(street|address|postcode|zip.?code|postal)", re.IGNORECASE), "an address"),
    (re.compile(r"(birth.?date|date.?of.?birth|^dob$)", re.IGNORECASE), BIRTH),
)  # fmt: skip
VALUES = (
    (r"^[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}$", CONTACT),
    (r"^\+\d[\d\s()/-]{7,}$|^\(?\d{3}\)?[ -]\d{3}[ -]\d{4}$", CONTACT),
    (r"^\d{3}-\d{2}-\d{4}$", "a record or insurance number"),
    (r"^[A-Z][\w'’-]+, (?:Mrs?\.? |Ms\.? |Dr\.? )?[A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*)?$",
     NAME),
    (r"^(?:Mr|Mrs|Ms|Miss|Herr|Frau|Mme|Sig|Sra?|Dhr|Mevr)\.? [A-Z][\w'’-]+", NAME),
)  # fmt: skip
NUMBER_OF_RECORD = "a record or insurance number"


def called_direct(name: str) -> bool:
    """Whether a column of that name may say directly who somebody is."""
    return any(pattern.search(name) for pattern, _ in DIRECT)


def direct_reason(name: str, known: pd.Series[str], distinct: int) -> str:
    """What a column says of somebody; "" where it does not."""
    often = distinct > 0.5 * len(known)
    for called, reason in ((NAMES, NAME), (CONTACTS, CONTACT), (BIRTHS, BIRTH)):
        if called.fullmatch(squeezed(name)) and (often or distinct >= MANY):
            return reason
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


def name_beside_others(name: str, reasons: Iterable[str]) -> bool:
    """Whether a column is called as names of persons are, and others say directly who they are.

    ``reasons``: of the other columns, as from ``direct_reason`` within a sentence.
    """
    told = any(NAME in reason or BIRTH in reason for reason in reasons)
    return told and BESIDE.fullmatch(squeezed(name)) is not None
