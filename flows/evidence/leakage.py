"""What a reviewer sees of the screen for leakage, beside the gate's findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drb.evidence import Light, Part, Said, Table


def with_leakage(part: Part, screen: Mapping[str, Any]) -> Part:
    """Add docs/leakage.json to a part; a finding makes a green light amber. Nothing is added where none was made."""
    if not screen.get("screened"):
        return part
    lines = [*screen["features"], *screen.get("codes", [])]
    found = [line for line in lines if line["finding"]]
    said = Said(
        ko=f"누설 점검: 뜻 없는 특성이나 코드 하나로 환자군이 가려지는 항목 {len(found)}개",
        en=f"Leakage screen: {len(found)} trivial features or single codes tell cases from controls",
    )
    head = (Said(ko="특성", en="feature"), Said(ko="AUROC", en="AUROC"), Said(ko="95% 구간", en="95 % interval"))
    rows = tuple(
        (line["name"], f"{line['auroc']:.3f}", f"{line['low']:.3f} - {line['high']:.3f}") for line in found or lines
    )
    table = Table(title=Said(ko="누설 점검", en="Leakage screen"), head=head, rows=rows)
    light = Light.AMBER if found and part.light is Light.GREEN else part.light
    return part.model_copy(update={"light": light, "said": (*part.said, said), "tables": (*part.tables, table)})
