"""Ten parts, each from the package's own documents, which passed disclosure control at the hospital."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drb.evidence import PARTS, Light, Pack, Part, Said, Table
from drb.views import CaseView, ReleaseView
from extract.manifest import Manifest, read_manifest
from flows.evidence.counts import attrition, table1
from flows.evidence.leakage import with_leakage
from flows.evidence.risk import risk
from flows.evidence.versions import missing, with_overlap

_WORST = (Light.RED, Light.AMBER)


def build(package: Path, case: CaseView, before: ReleaseView | None, subtracted: Part) -> Pack:
    """Put the pack together. before: the version before this one, under the same case. subtracted: the differencing part."""
    manifest = read_manifest(package)
    parts: dict[str, Part] = {
        "scope": _scope(manifest, case),
        "attrition": attrition(rows(package, "attrition.csv")),
        "table1": table1(rows(package, "table1.csv"), rows(package, "balance.csv")),
        "risk": risk(document(package, "risk.json")),
        "differencing": subtracted,
        "quality": with_leakage(_quality(document(package, "quality.json")), document(package, "leakage.json")),
        "changes": with_overlap(_changes(manifest, before), before, document(package, "changes.json")),
        "definition": _definition(package),
        "provenance": _provenance(manifest),
    }
    parts["summary"] = _summary(parts, manifest)
    return Pack(release=manifest.release, manifest_digest=manifest.digest, parts={name: parts[name] for name in PARTS})


def rows(package: Path, name: str) -> list[dict[str, str]]:
    """Read one of the package's tables of counts."""
    path = package / "docs" / name
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def document(package: Path, name: str) -> Mapping[str, Any]:
    """Read one of the package's reports; empty when it has none."""
    path = package / "docs" / name
    found: Mapping[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {}
    return found


def _summary(parts: Mapping[str, Part], manifest: Manifest) -> Part:
    lights = [part.light for part in parts.values()]
    worst = next((light for light in _WORST if light in lights), Light.GREEN)
    loud = [name for name, part in parts.items() if part.light in {Light.RED, Light.AMBER, Light.GREY}]
    title = manifest.study.title
    return Part(
        light=worst,
        said=(
            Said(ko=f"{title.ko}, 버전 {manifest.version}", en=f"{title.en}, version {manifest.version}"),
            Said(
                ko="사람이 판단할 것: 이용 목적에 비추어 제공 항목이 필요한 만큼인지, 아래에서 표시된 부분이 설명되었는지.",
                en="What a human must decide: whether what is delivered is no more than the purpose needs, and whether "
                "every part that is marked below is explained.",
            ),
            Said(
                ko=f"살펴볼 부분: {', '.join(loud) or '없음'}",
                en=f"Parts to look at: {', '.join(loud) or 'none'}",
            ),
        ),
    )


def _scope(manifest: Manifest, case: CaseView) -> Part:
    delivered = {name: [column.name for column in columns] for name, columns in manifest.tables.items()}
    lines, beyond = [], []
    for table in sorted(delivered.keys() | case.tables.keys()):
        asked = case.tables.get(table)
        approved = case.conditions.columns.get(table, asked)
        came = delivered.get(table)
        outside = sorted(set(came or ()) - set(approved)) if approved else []
        if came is not None and table != "cohort" and (asked is None or outside):
            beyond.append(table)
        lines.append((table, _columns(asked), _columns(approved), len(came) if came is not None else "-"))
    said = Said(
        ko=f"승인 범위를 벗어난 테이블: {', '.join(beyond) or '없음'}",
        en=f"Tables beyond the approval: {', '.join(beyond) or 'none'}",
    )
    head = (
        Said(ko="테이블", en="table"),
        Said(ko="신청한 열", en="columns asked for"),
        Said(ko="승인한 열", en="columns approved"),
        Said(ko="제공한 열 수", en="columns delivered"),
    )
    table_ = Table(title=Said(ko="항목", en="Items"), head=head, rows=tuple(lines))
    return Part(light=Light.RED if beyond else Light.GREEN, said=(said,), tables=(table_,))


def _columns(columns: tuple[str, ...] | None) -> str:
    if columns is None:
        return "-"
    return ", ".join(columns) if columns else "*"


def _quality(report: Mapping[str, Any]) -> Part:
    if not report:
        return missing("품질 점검 자료가 없습니다.", "There is no report of the gate.")
    blocked, warned = int(report.get("failed_block", 0)), int(report.get("failed_warn", 0))
    light = Light.RED if blocked else Light.AMBER if warned else Light.GREEN
    failed = [f for f in report.get("findings", []) if f.get("status") == "failed"]
    head = (
        Said(ko="점검", en="check"),
        Said(ko="테이블", en="table"),
        Said(ko="열", en="column"),
        Said(ko="정도", en="severity"),
    )
    lines = tuple((f["check"], f.get("table", ""), f.get("column", ""), f.get("severity", "")) for f in failed[:100])
    said = Said(
        ko=f"점검 {report.get('checks', 0)}개 가운데 차단 {blocked}개, 경고 {warned}개",
        en=f"{report.get('checks', 0)} checks: {blocked} block, {warned} warn",
    )
    table = Table(title=Said(ko="통과하지 못한 점검", en="Checks that did not pass"), head=head, rows=lines)
    return Part(light=light, said=(said,), tables=(table,) if lines else ())


def _changes(manifest: Manifest, before: ReleaseView | None) -> Part:
    if before is None:
        return Part(light=Light.GREEN, said=(Said(ko="첫 버전입니다.", en="The first version."),))
    now = manifest.provenance.model_dump()
    causes = (
        ("definition_digest", "정의", "definition"),
        ("vocabulary_version", "용어집", "vocabulary"),
        ("cdm_release_digest", "CDM 갱신", "CDM refresh"),
        ("code_digest", "코드", "code"),
        ("policy_digest", "정책", "policy"),
        ("withdrawals_digest", "동의 철회", "withdrawal"),
    )
    lines = []
    for name, ko, en in causes:
        old = before.provenance.get(name) or {
            "policy_digest": before.policy_digest,
            "cdm_release_digest": before.cdm_digest,
        }.get(name)
        if old is not None and old != now.get(name):
            lines.append((Said(ko=ko, en=en), str(old)[:16], str(now.get(name))[:16]))
    head = (Said(ko="원인", en="cause"), Said(ko="이전", en="before"), Said(ko="지금", en="now"))
    said = Said(ko=f"비교 대상: {before.name}", en=f"Against {before.name}")
    table = Table(title=Said(ko="원인별 변경", en="Changes by cause"), head=head, rows=tuple(lines))
    return Part(light=Light.AMBER if lines else Light.GREEN, said=(said,), tables=(table,) if lines else ())


def _definition(package: Path) -> Part:
    texts = {lang: package / "docs" / f"definition.{lang}.md" for lang in ("ko", "en")}
    if not all(path.is_file() for path in texts.values()):
        return missing("정의를 풀어 쓴 글이 없습니다.", "The definition was not written out.")
    told = {lang: path.read_text(encoding="utf-8") for lang, path in texts.items()}
    return Part(light=Light.GREEN, prose=Said(ko=told["ko"], en=told["en"]))


def _provenance(manifest: Manifest) -> Part:
    facts = {**manifest.provenance.model_dump(), "writer": manifest.writer, "package": manifest.digest}
    lines = tuple((name, str(value)) for name, value in sorted(facts.items()) if value not in (None, {}, ""))
    head = (Said(ko="이름", en="name"), Said(ko="값", en="value"))
    return Part(light=Light.GREEN, tables=(Table(title=Said(ko="출처", en="Provenance"), head=head, rows=lines),))
