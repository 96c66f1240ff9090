"""Does augmentation help a classifier of light curves? Arms of equal size, the same simulator, draws and seeds.

Run with ``python examples/augmentation_gain.py --quick`` (a few minutes) or without ``--quick`` (the figures of
docs/augmentation.md). It needs scikit-learn (``pip install sntransport[examples]``) and the data that
``docs/augmentation.md`` names. Supernovae, not light curves, are split; test light curves come from the true series of
those held out.
"""

import argparse
import itertools
import json
import os
import sys
import warnings
from pathlib import Path

import numpy as np
from gain import arms, lightcurves, scores, supernovae

from sntransport.mixtures import draw_mixtures
from sntransport.splits import assign_splits, require_no_leak

ROOT = Path(__file__).resolve().parents[1]
SIZES = {
    # Splits, light curves of a class, light curves in the pool of a series, of a mixture, trees.
    "full": (30, 200, 80, 24, 200),
    "quick": (20, 120, 48, 16, 80),
    "test": (2, 24, 12, 6, 10),
}
PER_PAIR = 2


def main() -> None:
    """Run all and print the tables."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument(
        "--data", type=Path, default=Path(os.environ.get("SNTRANSPORT_TEST_DATA", ROOT.parent / "shared" / "data"))
    )
    told.add_argument("--size", choices=SIZES, default="full")
    told.add_argument("--quick", action="store_const", dest="size", const="quick", help="the same as --size quick")
    told.add_argument("-o", "--output", type=Path, help="write all scores as JSON")
    given = told.parse_args()
    if not (given.data / "osc").is_dir() or not (given.data / "sncosmo").is_dir():
        sys.exit(f"{given.data}: needs the folders osc and sncosmo; name another place with --data")
    results = study(given.data, given.size)
    report(results)
    if given.output:
        given.output.write_text(json.dumps(results, indent=1))


def study(data: Path, size: str) -> dict:
    """Scores by regime, classifier, arm and split."""
    n_split, n_train, n_pool, n_mixed, trees = SIZES[size]
    names = supernovae.REAL[:1] + supernovae.REAL[5:7] + supernovae.REAL[10:11] if size == "test" else supernovae.REAL
    found, notes = supernovae.sources(data, names)
    for note in notes:
        print(note)
    print(f"{len(found)} supernovae: " + ", ".join(f"{one.name} ({one.sn_class})" for one in found), flush=True)
    seen = lightcurves.survey()
    results = {"supernovae": [one.name for one in found]}
    for regime in arms.REGIMES:
        pools = make_pools(found, regime, n_pool, n_mixed, seen)
        results[regime] = compare(found, pools, n_split, n_train, trees)
    return results


def make_pools(found, regime: str, n_pool: int, n_mixed: int, seen) -> dict:
    """Features of light curves by arm, then by the names of the supernovae they were made of."""
    pools: dict = {arm: {} for arm in arms.ARMS}
    series = {}
    for number, one in enumerate(found):
        seed = 1000 + number
        key = (one.name,)
        what = arms.observed(one.series, regime, np.random.default_rng(seed))
        pools["true SED"][key] = lightcurves.pool(one.series, n_pool, seed, seen)
        single = first_seen(one.series, n_pool, seed, seen)
        pools["none"][key] = lightcurves.features(single)
        pools["noise only"][key] = np.concatenate(
            [lightcurves.features(copy) for copy in lightcurves.noisier(single, n_pool, seed)]
        )
        for arm in ("gaussian process", *arms.INTERPOLATORS):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = arms.rebuilt(what, arm, one.series)
            pools[arm][key] = lightcurves.pool(made, n_pool, seed, seen)
            if arm == "feature transport":
                series[one.name] = made
    for number, (a, b) in enumerate(itertools.combinations(found, 2)):
        if a.sn_class == b.sn_class:
            for arm, make in arms.MIXING.items():
                # The same pairs, weights and draws in all.
                mixed = draw_mixtures([series[a.name], series[b.name]], PER_PAIR, 5000 + number, make=make)
                pools[arm][(a.name, b.name)] = np.concatenate(
                    [
                        lightcurves.pool(m.series, n_mixed, 9000 + PER_PAIR * number + k, seen)
                        for k, m in enumerate(mixed)
                    ]
                )
    for arm in arms.MIXING:
        pools[arm] |= {(name,): pools["feature transport"][(name,)] for name in series}
    return pools


def first_seen(series, n: int, seed: int, seen):
    """The first light curve with enough detections, as the survey found the supernova."""
    made = lightcurves.curves(series, 4 * n, seed, seen)
    rows = lightcurves.features(made)
    return made.take([int(np.flatnonzero(np.isfinite(rows[:, -1]))[0])])


def compare(found, pools: dict, n_split: int, n_train: int, trees: int) -> dict:
    """Scores of every split by classifier and arm."""
    sn_class = {one.name: one.sn_class for one in found}
    results: dict = {name: {arm: [] for arm in arms.ARMS} for name in scores.CLASSIFIERS}
    for split in range(n_split):
        side = assign_splits(sn_class, {"train": 0.5, "test": 0.5}, split)
        test_names = [name for name in side if side[name] == "test"]
        test, truth = stacked([(pools["true SED"][(name,)], sn_class[name]) for name in test_names])
        for arm in arms.ARMS:
            used = [key for key in pools[arm] if all(side[name] == "train" for name in key)]
            require_no_leak(
                [*used, *((name,) for name in test_names)], ["train"] * len(used) + ["test"] * len(test_names)
            )
            train, labels = stacked(
                [
                    (drawn([pools[arm][key] for key in used if sn_class[key[0]] == one], n_train, split), one)
                    for one in scores.CLASSES
                ]
            )
            for name, make in scores.CLASSIFIERS.items():
                model = make(split, trees).fit(train, labels)
                chance = np.full((len(test), len(scores.CLASSES)), 0.0)
                chance[:, model.classes_] = model.predict_proba(test)
                results[name][arm].append(vars(scores.score(truth, chance)))
    return results


def stacked(parts):
    """Features and class indices."""
    rows = np.concatenate([rows for rows, _ in parts])
    return rows, np.concatenate([np.full(len(part), scores.CLASSES.index(one)) for part, one in parts])


def drawn(parts, n: int, seed: int) -> np.ndarray:
    """``n`` rows, as evenly as can be from all parts; repeated where there are fewer."""
    rng = np.random.default_rng(seed)
    turns = [rng.permutation(len(part)) for part in parts]
    most = max(len(part) for part in parts)
    order = [
        (k, turn[i % len(turn)]) for i in range(most) for k, turn in enumerate(turns) if i < len(turn) or most == 1
    ]
    picked = list(itertools.islice(itertools.cycle(order), n))
    return np.stack([parts[k][row] for k, row in picked])


def report(results: dict) -> None:
    """Tables in Markdown."""
    for regime in arms.REGIMES:
        for name, by_arm in results[regime].items():
            print(f"\n### {regime}, {name}\n")
            print(
                "| arm | macro F1 | against none | against linear mixing | log-loss | calibration | recall II / Ia / Ib/c |"
            )
            print("|---|---|---|---|---|---|---|")
            f1 = {arm: [one["f1"] for one in rows] for arm, rows in by_arm.items()}
            for arm, rows in by_arm.items():
                apart = [
                    "" if arm == base else "{:+.3f} ({:+.3f} to {:+.3f})".format(*scores.difference(f1[arm], f1[base]))
                    for base in ("none", "linear mixing")
                ]
                mean = {
                    key: np.mean([one[key] for one in rows], axis=0)
                    for key in ("f1", "log_loss", "calibration", "recall")
                }
                recall = " / ".join(f"{x:.2f}" for x in mean["recall"])
                print(
                    f"| {arm} | {mean['f1']:.3f} | {' | '.join(apart)} | {mean['log_loss']:.3f} | {mean['calibration']:.3f} | {recall} |"
                )


if __name__ == "__main__":
    main()
