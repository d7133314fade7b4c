"""agreement.py make|check DIR SETS: agreement by others' hands.

make writes sets of random records of judges' scores, some missing, to DIR/N.in.
check reads them and DIR/N.stats, which riddle-vote made of them.  It computes
Cohen's and Fleiss' kappa by statsmodels, Krippendorff's alpha by krippendorff,
and the rest by numpy, and compares the statistics with them, to 1e-12.
"""
import json
import sys

import krippendorff
import numpy as np
from statsmodels.stats import inter_rater

NEAR = 1e-12


def make(seed, out):
    rng = np.random.default_rng(seed)
    judges = int(rng.integers(2, 7))
    lo, hi = [(0, 1), (1, 5), (0, 10), (-1, 1)][seed % 4]
    absent = [0, 0.1, 0.4][seed % 3]
    with open(out, "w", encoding="utf-8") as f:
        for i in range(int(rng.integers(50, 3000))):
            true = rng.uniform(lo, hi)
            scores = []
            for j in rng.permutation(judges):
                s = round(true + rng.normal(0, (hi - lo) / 4) + j / 9)
                if rng.random() >= absent:
                    scores.append({"judge": f"j{j}", "scale": [lo, hi],
                                   "score": int(min(max(s, lo), hi))})
            print(json.dumps({"id": str(i), "scores": scores}), file=f)


def load(path, names):
    rows = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            by = {s["judge"]: s["score"] for s in json.loads(line)["scores"]}
            rows.append([by.get(n, np.nan) for n in names])
    return np.array(rows, dtype=float)


class Checks:
    def __init__(self):
        self.done = self.wrong = 0

    def equal(self, what, ours, theirs):
        self.done += 1
        undefined = theirs is None or not np.isfinite(theirs)
        if (ours is None) != undefined or (
                not undefined and abs(ours - theirs) > NEAR):
            self.wrong += 1
            print(f"{what}: {ours}, they say {theirs}")


def check_pair(c, p, a, b, values):
    both = ~np.isnan(a) & ~np.isnan(b)
    a, b = a[both], b[both]
    c.equal("records of a pair", p["records"], len(a))
    if len(a) == 0:
        return
    c.equal("agreement", p["agreement"], np.mean(a == b))
    table = np.zeros((len(values), len(values)))
    for x, y in zip(a, b):
        table[np.searchsorted(values, x), np.searchsorted(values, y)] += 1
    with np.errstate(invalid="ignore", divide="ignore"):
        c.equal("cohen", p["cohen"], inter_rater.cohens_kappa(
            table, return_results=False))
        d = (values[:, None] - values[None, :]) ** 2
        c.equal("weighted", p["weighted"], inter_rater.cohens_kappa(
            table, weights=d, return_results=False))


def check(c, path, stats):
    with open(stats, encoding="utf-8") as f:
        s = json.load(f)
    names = [j["judge"] for j in s["judges"]]
    x = load(path, names)
    values = np.unique(x[~np.isnan(x)])
    for k, j in enumerate(s["judges"]):
        own = x[:, k]
        others = np.delete(x, k, axis=1)
        shared = ~np.isnan(own) & (~np.isnan(others)).any(axis=1)
        c.equal("scores", j["scores"], np.sum(~np.isnan(own)))
        c.equal("mean", j["mean"], np.nanmean(own))
        c.equal("bias", j["bias"], np.mean(
            own[shared] - np.nanmean(others[shared], axis=1)))
    for p in s["pairs"]:
        check_pair(c, p, x[:, names.index(p["a"])],
                   x[:, names.index(p["b"])], values)
    whole = x[~np.isnan(x).any(axis=1)]
    c.equal("records of fleiss", s["fleiss"]["records"], len(whole))
    if len(whole) > 0:
        table = np.array([[np.sum(r == v) for v in values] for r in whole])
        c.equal("fleiss", s["fleiss"]["kappa"],
                inter_rater.fleiss_kappa(table))
    for metric in ("nominal", "ordinal", "interval"):
        c.equal(metric, s["krippendorff"][metric], krippendorff.alpha(
            reliability_data=x.T, level_of_measurement=metric))


def main():
    how, where, sets = sys.argv[1], sys.argv[2], int(sys.argv[3])
    c = Checks()
    for n in range(1, sets + 1):
        if how == "make":
            make(n, f"{where}/{n}.in")
        else:
            check(c, f"{where}/{n}.in", f"{where}/{n}.stats")
    if how == "check":
        print(f"{c.done - c.wrong} passed, {c.wrong} failed")
    sys.exit(c.wrong > 0)


main()
