"""Does augmentation help a classifier of light curves? Arms of equal size, the same simulator, draws and seeds.

Run with ``python examples/augmentation_gain.py --quick`` (minutes) or without ``--quick`` (the figures of
docs/records/augmentation-gain.md). It needs scikit-learn (``pip install sntransport[examples]``) and the data that
docs/records/augmentation-gain.md names. Supernovae, not light curves, are split; test light curves come from the true
series of those held out, and at last from the photometry of real ones.
"""

import argparse
import itertools
import json
import os
import sys
import warnings
from pathlib import Path

import numpy as np
from gain import arms, features, lightcurves, real, scores, supernovae
from threadpoolctl import threadpool_limits

from sntransport.augmentation.mixing import draw_mixtures
from sntransport.augmentation.splits import assign_splits, designation, require_no_leak

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("SNTRANSPORT_TEST_DATA", ROOT.parent / "shared" / "data"))
SIZES = {
    # Splits; light curves of a class, in the pool of a series, in that of a mixture, of a real supernova; trees.
    "full": (30, 200, 80, 24, 20, 100),
    "quick": (20, 100, 40, 12, 10, 60),
    "test": (2, 12, 8, 4, 2, 5),
}
PER_PAIR = 2
SHARES = {"half of the supernovae": 0.5, "a quarter of them": 0.25}
"""What the classifiers are trained with; the others are for the test."""

BASES = ("none", "feature transport", "linear mixing")


def main() -> None:
    """Run all and print the tables."""
    told = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    told.add_argument("--data", type=Path, default=DATA, help="folder with osc/ and sncosmo/")
    told.add_argument("--size", choices=SIZES, default="full")
    told.add_argument("--quick", action="store_const", dest="size", const="quick", help="the same as --size quick")
    told.add_argument("-o", "--output", type=Path, help="write all scores as JSON")
    given = told.parse_args()
    if not (given.data / "osc").is_dir() or not (given.data / "sncosmo").is_dir():
        sys.exit(f"{given.data}: needs the folders osc and sncosmo; name another place with --data")
    # The matrices are small: threads would cost more than they bring.
    with threadpool_limits(limits=1):
        results = study(given.data, given.size)
    if given.output:
        given.output.write_text(json.dumps(results, indent=1))


def study(data: Path, size: str) -> dict:
    """Scores by regime, classifier, arm and split; printed as they come."""
    n_split, n_train, n_pool, n_mixed, n_real, trees = SIZES[size]
    found, notes = supernovae.sources(data, few=size == "test")
    print("\n".join(notes))
    print(f"{len(found)} supernovae: " + ", ".join(f"{one.name} ({one.sn_class})" for one in found), flush=True)
    results = {}
    for regime in ("sparse",) if size == "test" else arms.REGIMES:
        pools = make_pools(
            found, regime, n_pool=n_pool, n_mixed=n_mixed, seen=lightcurves.survey(), population=lightcurves.POPULATION
        )
        for label, share in SHARES.items():
            key = f"{regime}, trained with {label}"
            results[key] = compare(found, pools, share=share, n_split=n_split, n_train=n_train, trees=trees)
            report(f"{key}, {n_split} splits", results[key])
    pools = make_pools(
        found,
        "sparse",
        n_pool=n_pool,
        n_mixed=n_mixed,
        seen=lightcurves.survey(bands=real.BANDS),
        population=real.NEARBY,
    )
    observed = real.real_features(data, n_real, seed=1, names="SN2012*" if size == "test" else "*")
    results["real"] = compare_real(found, pools, observed, n_train, trees)
    title = f"photometry of {len(observed)} real supernovae, trained as sparse, each held out in turn"
    report(title, results["real"], scores.over_supernovae)
    return results


def make_pools(found, regime: str, *, n_pool: int, n_mixed: int, seen, population) -> dict:
    """Features of light curves by arm, then by the names of the supernovae they were made of."""
    pools: dict = {arm: {} for arm in arms.ARMS}
    series = {}
    for number, one in enumerate(found):
        seed, key = 1000 + number, (one.name,)
        what = arms.observed(one.series, regime, np.random.default_rng(seed))
        pools["true SED"][key] = lightcurves.pool(one.series, n_pool, seed, seen, population)
        single = first_seen(one.series, n_pool, seed, seen, population)
        pools["none"][key] = features.features(single)
        copies = [features.features(copy) for copy in lightcurves.noisier(single, n_pool, seed)]
        copies = np.concatenate(copies)
        pools["noise only"][key] = np.concatenate([pools["none"][key], copies[np.isfinite(copies[:, -1])]])
        for arm in ("gaussian process", *arms.INTERPOLATORS):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = arms.rebuilt(what, arm, one.series)
            pools[arm][key] = lightcurves.pool(made, n_pool, seed, seen, population)
            if arm == "feature transport":
                series[one.name] = made
    for arm, make in arms.MIXING.items():
        pools[arm] |= {(name,): pools["feature transport"][(name,)] for name in series}
        for number, (a, b) in enumerate(itertools.combinations(found, 2)):
            if a.sn_class == b.sn_class:
                # The same pairs, weights and draws in all arms.
                mixed = draw_mixtures([series[a.name], series[b.name]], PER_PAIR, 5000 + number, make=make)
                seeds = range(9000 + PER_PAIR * number, 9000 + PER_PAIR * (number + 1))
                rows = [
                    lightcurves.pool(one.series, n_mixed, seed, seen, population)
                    for one, seed in zip(mixed, seeds, strict=True)
                ]
                pools[arm][(a.name, b.name)] = np.concatenate(rows)
    subtype = {one.name: one.subtype for one in found}
    alike = {key: rows for key, rows in pools["transport mixing"].items() if len({subtype[name] for name in key}) == 1}
    return pools | {arms.ALIKE: alike}


def first_seen(series, n: int, seed: int, seen, population):
    """The first light curve with enough detections: the supernova as the survey found it."""
    made = lightcurves.curves(series, 4 * n, seed, seen, population)
    return made.take([int(np.flatnonzero(np.isfinite(features.features(made)[:, -1]))[0])])


def compare(found, pools: dict, *, share: float, n_split: int, n_train: int, trees: int) -> dict:
    """Scores of every split by classifier and arm."""
    sn_class = {one.name: one.sn_class for one in found}
    results: dict = {name: {arm: [] for arm in arms.ARMS} for name in scores.CLASSIFIERS}
    for split in range(n_split):
        side = assign_splits(sn_class, {"train": share, "test": 1.0 - share}, split)
        held = [name for name in side if side[name] == "test"]
        test, truth = stacked([(pools["true SED"][(name,)], sn_class[name]) for name in held])
        for arm in arms.ARMS:
            used = [key for key in pools[arm] if all(side[name] == "train" for name in key)]
            require_no_leak([*used, *((name,) for name in held)], ["train"] * len(used) + ["test"] * len(held))
            train, labels = training_set(pools[arm], used, sn_class, n_train, split)
            for name, make in scores.CLASSIFIERS.items():
                model = make(split, trees).fit(train, labels)
                results[name][arm].append(vars(scores.score(truth, model.predict_proba(test))))
    return results


def compare_real(found, pools: dict, observed: dict, n_train: int, trees: int) -> dict:
    """Scores on real light curves by classifier and arm, one for each resampling of the supernovae."""
    sn_class = {one.name: one.sn_class for one in found}
    truth = [np.full(len(rows), scores.CLASSES.index(one)) for one, rows in observed.values()]
    drawn = resamplings([int(one[0]) for one in truth])
    results: dict = {name: {} for name in scores.CLASSIFIERS}
    for arm in arms.ARMS:
        chance: dict = {name: [] for name in scores.CLASSIFIERS}
        for seed, (held, (_, rows)) in enumerate(observed.items()):
            used = [key for key in pools[arm] if designation(held) not in {designation(name) for name in key}]
            require_no_leak([*used, (held,)], ["train"] * len(used) + ["test"])
            train, labels = training_set(pools[arm], used, sn_class, n_train, seed)
            for name, make in scores.CLASSIFIERS.items():
                chance[name].append(make(seed, trees).fit(train, labels).predict_proba(rows))
        for name, given in chance.items():
            results[name][arm] = [
                vars(scores.score(np.concatenate([truth[i] for i in some]), np.concatenate([given[i] for i in some])))
                for some in drawn
            ]
    return results


def resamplings(classes: list[int], n: int = 400) -> list[np.ndarray]:
    """All supernovae first, then supernovae drawn with replacement within each class."""
    rng = np.random.default_rng(0)
    groups = [np.flatnonzero(np.array(classes) == one) for one in np.unique(classes)]
    drawn = [np.concatenate([rng.choice(group, group.size) for group in groups]) for _ in range(n)]
    return [np.arange(len(classes)), *drawn]


def training_set(pool: dict, used, sn_class: dict, n: int, seed: int):
    """``n`` rows of each class, as evenly as can be from all templates, and class indices."""
    by_class = [[pool[key] for key in used if sn_class[key[0]] == one] for one in scores.CLASSES]
    return stacked([(picked(parts, n, seed), one) for parts, one in zip(by_class, scores.CLASSES, strict=True)])


def stacked(parts):
    """Features and class indices."""
    rows = np.concatenate([rows for rows, _ in parts])
    return rows, np.concatenate([np.full(len(part), scores.CLASSES.index(one)) for part, one in parts])


def picked(parts, n: int, seed: int) -> np.ndarray:
    """``n`` rows in turns from all parts, each in an order of its own, from the start again where one is at its end."""
    rng, parts = np.random.default_rng(seed), [part for part in parts if len(part)]
    order = [rng.permutation(len(part)) for part in parts]
    places = [(k % len(parts), k // len(parts)) for k in range(n)]
    return np.stack([parts[part][order[part][turn % order[part].size]] for part, turn in places])


def report(title: str, by_classifier: dict, summarize=scores.over_splits) -> None:
    """Tables in Markdown; ``summarize`` gives the mean of a score and its interval from those of all repetitions."""
    for name, by_arm in by_classifier.items():
        print(f"\n### {title}, {name}\n")
        print(
            "| arm | macro F1 |" + "".join(f" less {base} |" for base in BASES) + " log-loss | calibration | recall |"
        )
        print("|---" * (len(BASES) + 5) + "|")
        for arm, rows in by_arm.items():
            mean = {key: summarize([one[key] for one in rows])[0] for key in rows[0]}
            apart = [
                ""
                if arm == base
                else "{:+.3f} ({:+.3f} to {:+.3f})".format(*summarize(differences(rows, by_arm[base])))
                for base in BASES
            ]
            recall = " / ".join(f"{x:.2f}" for x in mean["recall"])
            numbers = f"{mean['log_loss']:.3f} | {mean['calibration']:.3f} | {recall}"
            print(f"| {arm} | {mean['f1']:.3f} | {' | '.join(apart)} | {numbers} |", flush=True)


def differences(rows, others) -> list[float]:
    """Paired differences of macro F1."""
    return [a["f1"] - b["f1"] for a, b in zip(rows, others, strict=True)]


if __name__ == "__main__":
    main()
