"""What a policy file may say, and the one policy that the files together make."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, get_args

import rfc8785
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from deid.text.settings import KINDS, TextSettings

Action = Literal["keep", "shift", "pseudonymise", "generalise", "scrub", "replace", "drop", "drop_table"]
Generaliser = Literal["quasi-identifier", "year", "allow-list", "rows", "own-days", "common"]
Tier = Literal["open-room", "outside"]
QuasiIdentifier = Literal["sex", "birth_year", "region", "index_year"]
Precision = Literal["second", "minute", "hour", "day"]

TIERS: tuple[Tier, ...] = get_args(Tier)
ACTIONS: tuple[Action, ...] = get_args(Action)
NO_RULE = "No rule of the policy names it."


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(_Part):
    """What becomes of one column, or with `drop_table` of one table.

    In a file: `action reason`, or a mapping. reason: a key of the policy's reasons, or a sentence.
    by: of `generalise`. values: of the allow-list. value: of `replace` ($site_id, $cdm_version, or the
    value itself). of: of `pseudonymise`, the table pointed at where the CDM declares no foreign key.
    """

    action: Action
    reason: str = ""
    by: Generaliser | None = None
    values: tuple[str, ...] = ()
    value: int | str | None = None
    of: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _short(cls, given: object) -> object:
        if not isinstance(given, str):
            return given
        action, _, reason = given.partition(" ")
        return {"action": action, "reason": reason.strip()}

    @model_validator(mode="after")
    def _complete(self) -> Rule:
        wanted = {
            "by": self.action == "generalise",
            "values": self.by == "allow-list",
            "value": self.action == "replace",
        }
        for name, needed in wanted.items():
            if (getattr(self, name) not in (None, ())) != needed:
                raise ValueError(f"'{name}' belongs to {_OWNER[name]}, and is needed there")
        if self.of is not None and self.action != "pseudonymise":
            raise ValueError("'of' belongs to action pseudonymise")
        return self


_OWNER = {"by": "action generalise", "values": "generalise by allow-list", "value": "action replace"}


class RolePrivacy(_Part):
    """What every group of people who look alike must show of its cases and controls, so that none tells who is ill.

    model: none; distinct-l, entropy-l, recursive-l (c, l): Machanavajjhala et al. 2007; t-equal (t): Li et al. 2007.
    A draw has two roles, so l is at most 2.
    """

    model: Literal["none", "distinct-l", "entropy-l", "recursive-l", "t-equal"] = "none"
    l: float | None = Field(None, gt=1, le=2)  # noqa: E741  # the field's name
    c: float | None = Field(None, gt=0)
    t: float | None = Field(None, gt=0, lt=1)

    @model_validator(mode="after")
    def _complete(self) -> RolePrivacy:
        needed = {"none": "", "distinct-l": "l", "entropy-l": "l", "recursive-l": "cl", "t-equal": "t"}[self.model]
        for name in "lct":
            if (getattr(self, name) is not None) != (name in needed):
                raise ValueError(f"role_privacy: {self.model} takes {' and '.join(needed) or 'no number'}")
        return self

    def __str__(self) -> str:
        """Say it in short: distinct-l (l = 2)."""
        numbers = ", ".join(f"{name} = {getattr(self, name):g}" for name in "clt" if getattr(self, name) is not None)
        return f"{self.model} ({numbers})" if numbers else self.model


class Bounds(_Part):
    """The values of one concept that leave as they are; what lies beyond becomes the bound.

    column: table.column of a number. concept: what the row is about (measurement_concept_id ...). unit:
    unit_concept_id; None: whatever the unit.
    """

    column: str
    concept: int
    unit: int | None = None
    low: float | None = None
    high: float | None = None

    @model_validator(mode="after")
    def _complete(self) -> Bounds:
        if self.low is None and self.high is None:
            raise ValueError("bounds: give low, high or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"bounds: low {self.low:g} is above high {self.high:g}")
        return self

    @property
    def of(self) -> tuple[str, int, int | None]:
        """Tell which values it bounds."""
        return self.column, self.concept, self.unit


class Sensitive(_Part):
    """A category of which no row leaves that the board did not approve.

    codes: vocabulary_id -> concept codes, or beginnings of codes ("F*"); what comes under them counts as well.
    """

    codes: dict[str, tuple[str, ...]] = Field(min_length=1)
    en: str
    ko: str


class SettingsPart(_Part):
    """The settings that one file gives; None leaves what stands below it."""

    k: int | None = Field(None, ge=2, le=1000)
    suppression_limit: float | None = Field(None, ge=0, le=1)
    quasi_identifiers: tuple[QuasiIdentifier, ...] | None = None
    birth_year_band: Literal[1, 5, 10, 20] | None = None
    top_age: int | None = Field(None, ge=1, le=120)
    shift_days: int | None = Field(None, ge=7, le=7300)
    keep_weekday: bool | None = None
    keep_season: bool | None = None
    datetime_precision: Precision | None = None
    shared_day_limit: float | None = Field(None, gt=0, le=1)
    linkage_limit: float | None = Field(None, gt=0, le=1)
    attack_limit: float | None = Field(None, gt=0, le=1)
    role_privacy: RolePrivacy | None = None
    importance: dict[QuasiIdentifier, Annotated[float, Field(gt=0, le=100)]] | None = None


class Settings(_Part):
    """Every setting, decided.

    k: people. suppression_limit: share of the drawn people. birth_year_band: narrowest band, in years. top_age: years;
    older people share one band. shift_days: largest offset, in days. keep_weekday: offsets are whole weeks. keep_season:
    offsets are whole years, give or take 15 days. role_privacy: what each group shows of its cases and controls.
    shared_day_limit: share of people from which on a day is no person's own. linkage_limit: largest share of people whom
    three known events with their days may single out of the shifted rows; 1: it is only told. attack_limit: largest
    gain of an attack (singling out, linking, inferring) over guessing about people outside; 1: it is only told. importance: weight of
    telling each quasi-identifier finely, 1 where none is given; only the proportions count.
    """

    k: int
    suppression_limit: float
    quasi_identifiers: tuple[QuasiIdentifier, ...]
    birth_year_band: int
    top_age: int
    shift_days: int
    keep_weekday: bool
    keep_season: bool
    datetime_precision: Precision
    shared_day_limit: float
    linkage_limit: float
    attack_limit: float
    role_privacy: RolePrivacy
    importance: dict[QuasiIdentifier, float]


def _whole_or_columns(given: object) -> str:
    """Tell a whole table's rule from rules by column, so that a mistake is told of the one that was meant."""
    whole = isinstance(given, str | Rule) or (isinstance(given, dict) and "action" in given)
    return "table" if whole else "columns"


TableRules = Annotated[
    Annotated[Rule, Tag("table")] | Annotated[dict[str, Rule], Tag("columns")],
    Discriminator(_whole_or_columns),
]


class PolicyPart(_Part):
    """Rules and settings of one file; what it does not name stays as the files before it say.

    tables: table -> one `drop_table` rule, or column -> rule. lists: named lists for YAML anchors.
    bounds: values that leave as they are. reasons: key -> {en, ko}. sensitive: category -> its codes; a file may add
    categories, and codes to those there are.
    """

    settings: SettingsPart = Field(default_factory=SettingsPart)
    tables: dict[str, TableRules] = Field(default_factory=dict)
    lists: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    bounds: tuple[Bounds, ...] = ()
    reasons: dict[str, dict[Literal["en", "ko"], str]] = Field(default_factory=dict)
    sensitive: dict[str, Sensitive] = Field(default_factory=dict)


class StudyPolicy(PolicyPart):
    """What a study tightens, where its data are meant to be used, and what it asks for.

    sensitive_asked: the sensitive categories that it needs; text_asked: the tables of free text (note). The case's
    approval has to name both, too.
    """

    tier: Tier = "open-room"
    sensitive_asked: tuple[str, ...] = ()
    text_asked: tuple[str, ...] = ()


class HospitalPolicy(PolicyPart):
    """What a hospital tightens, the tiers to which it releases, and how its notes are scrubbed.

    text: its own patient numbers, words that are also names, the labels' language, moved dates or labels. Every kind of
    identifier is replaced, so `kinds` may not be shortened.
    """

    name: str = "hospital"
    version: str = "1"
    allowed_tiers: tuple[Tier, ...] = TIERS
    text: TextSettings = TextSettings(dates="shift")

    @model_validator(mode="after")
    def _every_kind(self) -> HospitalPolicy:
        lacking = [kind for kind in KINDS if kind not in self.text.kinds]
        if lacking:
            raise ValueError(f"text.kinds leaves out {lacking[0]}; every kind is replaced, so remove 'kinds'")
        return self


class Programme(PolicyPart):
    """The programme's policy: a rule for everything, and what each tier tightens.

    on_request: table -> column -> rule, for tables of free text; they stay unless a study asks and its approval names them.
    """

    name: str
    version: str
    tiers: dict[Tier, PolicyPart] = Field(default_factory=dict)
    on_request: dict[str, dict[str, Rule]] = Field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    """The policy of one release, composed: what it does not name is dropped.

    layers: (name, version) of the files it is made of. columns: table -> column -> rule. dropped: table ->
    rule. reasons: key -> language -> sentence. sensitive: category -> codes. sensitive_approved: categories that may leave.
    text_approved: tables of free text that may leave. text: how they are scrubbed. bounds: values beyond them are clipped.
    """

    tier: Tier
    layers: tuple[tuple[str, str], ...]
    settings: Settings
    columns: Mapping[str, Mapping[str, Rule]]
    dropped: Mapping[str, Rule]
    reasons: Mapping[str, Mapping[str, str]]
    sensitive: Mapping[str, Sensitive]
    sensitive_approved: tuple[str, ...]
    text_approved: tuple[str, ...]
    text: TextSettings
    bounds: tuple[Bounds, ...] = ()

    def rule(self, table: str, column: str) -> Rule:
        """Find the one rule for a column; a column or table without a rule is dropped."""
        if table in self.dropped:
            return self.dropped[table]
        if table not in self.columns:
            return Rule(action="drop_table", reason=NO_RULE)
        return self.columns[table].get(column, Rule(action="drop", reason=NO_RULE))

    def released(self, table: str) -> bool:
        """Tell whether the table leaves at all."""
        return table in self.columns and table not in self.dropped

    def bounded(self, table: str, column: str) -> tuple[Bounds, ...]:
        """List the bounds of a column's values."""
        return tuple(one for one in self.bounds if one.column == f"{table}.{column}")

    def sentence(self, rule: Rule, language: Literal["en", "ko"] = "en") -> str:
        """Say why, in words."""
        return self.reasons.get(rule.reason, {}).get(language, rule.reason)

    def to_json(self) -> dict[str, object]:
        """Give everything the policy decides, as plain JSON; reasons are words and decide nothing."""

        def plain(rule: Rule) -> dict[str, object]:
            return rule.model_dump(mode="json", exclude={"reason"}, exclude_defaults=True)

        return {
            "tier": self.tier,
            "layers": [list(layer) for layer in self.layers],
            "settings": self.settings.model_dump(mode="json"),
            "columns": {t: {c: plain(r) for c, r in rules.items()} for t, rules in self.columns.items()},
            "dropped": sorted(self.dropped),
            "sensitive": {
                name: {vocabulary: sorted(codes) for vocabulary, codes in category.codes.items()}
                for name, category in self.sensitive.items()
            },
            "sensitive_approved": sorted(self.sensitive_approved),
            "text_approved": sorted(self.text_approved),
            "text": self.text.model_dump(mode="json"),
            "bounds": [one.model_dump(mode="json") for one in self.bounds],
        }

    @cached_property
    def digest(self) -> str:
        """Hash (SHA-256) the canonical JSON (RFC 8785) of everything it decides."""
        return hashlib.sha256(rfc8785.dumps(self.to_json())).hexdigest()  # type: ignore[arg-type]  # plain JSON by construction
