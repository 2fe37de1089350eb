"""The conditions of an approval, typed so that a machine can check them; DUO terms where one exists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from drb.errors import BadInput

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,79}$")]
Days = Annotated[int, Field(ge=1, le=3650)]

# https://github.com/EBISPOT/DUO. DUO has no term against re-identification, so every package carries one of our own
# (an ODRL prohibition). DUO:0000018, 0000045 and 0000046 exclude commercial use: never used here.
DUO: Mapping[str, str] = {
    "expires_on": "DUO:0000025",
    "named_people": "DUO:0000026",
    "location": "DUO:0000028",
}
ALWAYS: tuple[str, ...] = ("DUO:0000021", "DUO:0000027", "naru:NoReidentification")

LABELS: Mapping[str, tuple[str, str]] = {
    "expires_on": ("이용 만료일", "use ends on"),
    "named_people": ("지정된 이용자만", "named people only"),
    "location": ("지정된 장소에서만", "at this place only"),
    "no_redistribution": ("재배포 금지", "no redistribution"),
    "columns": ("허용된 항목만", "these columns only"),
    "min_k": ("k-익명성 하한", "k-anonymity at least"),
    "sensitive": ("반출이 승인된 민감 항목", "sensitive categories that may leave"),
    "free_text": ("반출이 승인된 서술문 표", "tables of free text that may leave"),
    "small_differences": ("이전 반출과의 소수 차이 허용", "few people may differ from earlier releases"),
    "destruction_within_days": ("만료 후 파기 기한(일)", "destroyed within days after the end"),
    "report_every_days": ("이용 보고 주기(일)", "report of use every days"),
}


class Conditions(BaseModel):
    """What an approval ties the use to; None or empty: not tied.

    expires_on: last day of use. named_people: person ids. columns: table -> columns that may leave (a table that is not
    named may leave as the case names it). min_k: smallest equivalence class allowed in a package. sensitive:
    categories of the de-identification policy that may leave; free_text: tables of free text; no other ones may.
    small_differences: subtracting earlier releases of the hospital may leave a group smaller than k.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    expires_on: date | None = None
    named_people: tuple[Name, ...] = ()
    location: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    no_redistribution: bool = True
    columns: Mapping[Name, tuple[Name, ...]] = Field(default_factory=dict)
    min_k: Annotated[int, Field(ge=2, le=1000)] | None = None
    sensitive: tuple[Name, ...] = ()
    free_text: tuple[Name, ...] = ()
    small_differences: bool = False
    destruction_within_days: Days = 30
    report_every_days: Days | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON."""
        return self.model_dump(mode="json")

    def duo(self) -> tuple[str, ...]:
        """The terms that a package of this case carries."""
        return (*ALWAYS, *(code for name, code in DUO.items() if getattr(self, name)))


def read(given: Conditions | Mapping[str, Any] | None) -> Conditions:
    """The conditions out of plain JSON. Raises BadInput naming the first wrong condition and what is accepted."""
    if isinstance(given, Conditions):
        return given
    try:
        return Conditions.model_validate(dict(given or {}))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "conditions"
        raise BadInput(
            f"condition '{where}': {first['msg']}; the conditions are {', '.join(Conditions.model_fields)}",
            f"이용 조건 '{LABELS.get(where.partition('.')[0], (where, where))[0]}'의 값을 확인하십시오",
        ) from None
