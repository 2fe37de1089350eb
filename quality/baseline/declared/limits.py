"""What a measurement's value can be in each unit, for what hospitals measure most.

    measurement | unit | least | greatest | times | usual

`least` and `greatest`: beyond them lies no living person's result; these are no reference ranges. A value in this unit, less its
offset, times `times` is the value in the measurement's first unit; `usual` is an adult's in that first unit. Concept ids of the
standard vocabularies (LOINC, UCUM). Molar masses: glucose 180.16, creatinine 113.12, cholesterol 386.65, urea nitrogen 28.01,
bilirubin 584.66, calcium 40.08.
"""

from __future__ import annotations

from dataclasses import dataclass

LINES = """
3000963  | 8713   | 1    | 30   | 1       | 13.5
3000963  | 8636   | 10   | 300  | 0.1     | 13.5
3004501  | 8840   | 5    | 2500 | 1       | 105
3004501  | 8753   | 0.3  | 139  | 18.016  | 105
3016723  | 8840   | 0.05 | 50   | 1       | 0.9
3016723  | 8749   | 4    | 4400 | 0.01131 | 0.9
3004410  | 8554   | 2    | 25   | 1       | 6
3027114  | 8840   | 20   | 2000 | 1       | 180
3027114  | 8753   | 0.5  | 52   | 38.67   | 180
3013682  | 8840   | 1    | 400  | 1       | 15
3013682  | 8753   | 0.35 | 143  | 2.801   | 15
3024128  | 8840   | 0.01 | 100  | 1       | 0.7
3024128  | 8749   | 0.17 | 1710 | 0.05848 | 0.7
3006906  | 8840   | 2    | 25   | 1       | 9.2
3006906  | 8753   | 0.5  | 6.3  | 4.008   | 9.2
3024561  | 8713   | 0.5  | 8    | 1       | 4.2
3024561  | 8636   | 5    | 80   | 0.1     | 4.2
3023103  | 8753   | 1    | 15   | 1       | 4.2
3019550  | 8753   | 90   | 220  | 1       | 140
3014576  | 8753   | 50   | 180  | 1       | 103
3025315  | 9529   | 0.2  | 650  | 1       | 65
3025315  | 8739   | 0.44 | 1433 | 0.45359 | 65
3036277  | 8582   | 15   | 275  | 1       | 163
3036277  | 9330   | 6    | 108  | 2.54    | 163
3036277  | 9546   | 0.15 | 2.75 | 100     | 163
3020891  | 586323 | 20   | 46   | 1       | 36.8
3020891  | 9289   | 68   | 115  | 0.55556 | 36.8
3038553  | 9531   | 5    | 200  | 1       | 24
3027018  | 8541   | 0    | 400  | 1       | 78
3027018  | 8483   | 0    | 400  | 1       | 78
3024171  | 8541   | 0    | 150  | 1       | 18
3024171  | 8483   | 0    | 150  | 1       | 18
3004249  | 8876   | 0    | 400  | 1       | 122
3012888  | 8876   | 0    | 300  | 1       | 75
40762499 | 8554   | 10   | 100  | 1       | 97
"""
# Degrees Fahrenheit start 32 above degrees Celsius.
OFFSETS = {9289: 32.0}


@dataclass(frozen=True)
class Limit:
    """One line, with its offset."""

    measurement: int
    unit: int
    least: float
    greatest: float
    times: float
    usual: float
    offset: float = 0.0


def limits() -> tuple[Limit, ...]:
    """Every line, in order of measurement and unit."""
    found = []
    for line in LINES.strip().splitlines():
        measurement, unit, *numbers = (part.strip() for part in line.split("|"))
        least, greatest, times, usual = map(float, numbers)
        found.append(Limit(int(measurement), int(unit), least, greatest, times, usual, OFFSETS.get(int(unit), 0.0)))
    return tuple(sorted(found, key=lambda one: (one.measurement, one.unit)))
