"""The attacks of anonymeter on the tables in a folder; runs in an environment of its own (benchmarks/attack.py)."""

import json
import sys
import warnings
from pathlib import Path

import pandas as pd
from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator

warnings.filterwarnings("ignore")
folder = Path(sys.argv[1])
original, released, control = (
    pd.read_parquet(folder / f"{name}.parquet").drop(columns="person_id")
    for name in ("original", "released", "control")
)
columns = list(original.columns)
known = ["sex", "born", "race"]
seen = [name for name in columns if name not in known]
attacks = min(400, len(control))
tables = {"ori": original, "syn": released, "control": control, "n_attacks": attacks}
rare = next(name for name in seen if name.startswith("has_"))
found = {}


def tell(name, evaluator):
    risk, rates = evaluator.risk(), evaluator.results()
    found[name] = {
        "risk": round(risk.value, 4),
        "interval": [round(edge, 4) for edge in risk.ci],
        "attack": round(rates.attack_rate.value, 4),
        "blind": round(rates.baseline_rate.value, 4),
        "control": round(rates.control_rate.value, 4),
        "attacks": attacks,
    }


for mode in ("univariate", "multivariate"):
    evaluator = SinglingOutEvaluator(**tables, n_cols=4, seed=7)
    evaluator.evaluate(mode=mode)
    tell(f"singling out, {mode}", evaluator)
evaluator = LinkabilityEvaluator(**tables, aux_cols=(known, seen), n_neighbors=1)
evaluator.evaluate(n_jobs=1)
tell("linkability", evaluator)
evaluator = InferenceEvaluator(**tables, aux_cols=[name for name in columns if name != rare], secret=rare)
evaluator.evaluate(n_jobs=1)
tell(f"inference of {rare}", evaluator)
json.dump(found, sys.stdout)
