"""Build every curve, the checksums and the table of the README from permissively licensed packages.

Run it as the README says. Each curve is read from a pinned version of a package, turned into a photon response in
Angstrom, closed with zeros, trimmed and thinned as far as no band magnitude of the check spectra moves by 0.1 mmag.
"""

import argparse
import hashlib
import importlib.metadata
import io
import itertools
import math
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from astropy.io import fits

HERE = Path(__file__).resolve().parent
SHIFT_LIMIT = 1e-4  # [mag] how far trimming, thinning and rounding may move any check spectrum

# package: (version, license, archive or None where it is read from the installed package)
PACKAGES = {
    "astro-sedpy": ("0.4.1", "MIT", None),
    "mosfit": ("1.1.9", "MIT", "mosfit-1.1.9-py3-none-any.whl"),
    "piscola": ("3.1.0", "MIT", "piscola-3.1.0-py3-none-any.whl"),
    "slsne": ("0.3", "MIT", "slsne-0.3-py3-none-any.whl"),
    "sncosmo": ("2.13.1", "BSD-3-Clause", None),
    "snpy": ("2.7.4", "MIT", "snpy-2.7.4.tar.gz"),
    "speclite": ("1.0.0", "BSD-3-Clause", None),
}

VEGA_FILE = ("astro-sedpy", "sedpy/data/alpha_lyr_stis_011.fits")
VEGA_COMPUTED = (
    "computed with this curve from the CALSPEC spectrum alpha_lyr_stis_011 (Bohlin, Hubeny & Rauch 2020, AJ 160, 21);"
    " no published value for this curve is used"
)
BLANTON = "Blanton & Roweis 2007, AJ 133, 734, table 1"
BREEVELD = "Breeveld et al. 2011, AIP Conf. Proc. 1358, 373 (AB-Vega of the UVOT zero points)"
COHEN = "Cohen, Wheaton & Megeath 2003, AJ 126, 1090 (flux density of magnitude 0: {} Jy)"
RIELLO = "Riello et al. 2021, A&A 649, A3 (difference of the AB and VEGAMAG zero points)"


@dataclass(frozen=True)
class Recipe:
    """How one curve is made."""

    name: str
    survey: str
    package: str
    member: str
    reference: str
    version: str
    note: str
    detector: str = "photon"
    stored: str = ""  # what the package holds; empty: the same as ``detector``
    shift: float = 0.0  # [A]
    vega: tuple[float, str] | None = None
    vega_mag: float = 0.0

    @property
    def path(self) -> str:
        """Path in the folder; ``::`` is not safe in file names."""
        return f"{self.survey}/{self.name.replace('::', '_')}.ecsv"


def recipes() -> Iterator[Recipe]:
    """Every band."""
    yield from _speclite()
    yield from _bessell()
    yield from _snpy()
    yield from _surveys()


def _speclite() -> Iterator[Recipe]:
    """LSST, SDSS, PS1, Gaia, DES and 2MASS."""
    vega: dict[str, tuple[float, str]] = {}
    vega |= {f"sdss{b}": (v, BLANTON) for b, v in zip("ugriz", (0.91, -0.08, 0.16, 0.37, 0.54), strict=True)}
    for band, ab, vg in (("g", 25.8010, 25.6874), ("gbp", 25.3540, 25.3385), ("grp", 25.1040, 24.7479)):
        vega[f"gaia::{band}"] = (round(ab - vg, 4), RIELLO)
    for band, jansky in (("j", 1594.0), ("h", 1024.0), ("ks", 666.7)):
        vega[f"2mass{band}"] = (round(-2.5 * math.log10(jansky / 3631.0), 4), COHEN.format(jansky))

    def recipe(name: str, survey: str, file: str, *, reference: str, version: str, note: str, **more: str) -> Recipe:
        member = f"speclite/data/filters/{file}.ecsv"
        return Recipe(name, survey, "speclite", member, reference, version, note, vega=vega.get(name), **more)

    for b in "ugrizy":
        reference = "LSST throughputs 1.9 (2023); Ivezic et al. 2019, ApJ 873, 111"
        note = "total throughput, protected silver on three mirrors, atmosphere at airmass 1.2"
        yield recipe(
            f"lsst{b}", "lsst", f"lsst2023-{b}", reference=reference, version="throughputs 1.9 (2023)", note=note
        )
    for b in "ugriz":
        note = "with the atmosphere at airmass 1.3"
        yield recipe(
            f"sdss{b}",
            "sdss",
            f"sdss2010-{b}",
            reference="Doi et al. 2010, AJ 139, 1628, table 4",
            version="2010 reference",
            note=note,
        )
    for b in "grizyw":
        note = "capture cross-section [m2] with the atmosphere at airmass 1.2"
        yield recipe(
            f"ps1::{b}",
            "ps1",
            f"panstarrs-{b}",
            reference="Tonry et al. 2012, ApJ 750, 99, table 3",
            version="2012",
            note=note,
        )
    for b, file in (("g", "G"), ("gbp", "BP"), ("grp", "RP")):
        reference = "Riello et al. 2021, A&A 649, A3"
        yield recipe(
            f"gaia::{b}",
            "gaia",
            f"gaiadr3-{file}",
            reference=reference,
            version="EDR3 = DR3",
            note="space, no atmosphere",
        )
    for b in "grizY":
        note = "mean of the science CCDs, with the atmosphere at airmass 1.2"
        reference = "Abbott et al. 2018, ApJS 239, 18"
        yield recipe(
            f"des{b.lower()}", "des", f"decamDR1-{b}", reference=reference, version="DR1 standard bandpasses", note=note
        )
    for b in ("J", "H", "Ks"):
        note = "relative response, published times wavelength (for energy integrals), with the atmosphere"
        reference = "Cohen, Wheaton & Megeath 2003, AJ 126, 1090"
        more = {"detector": "energy", "stored": "photon"}
        yield recipe(
            f"2mass{b.lower()}", "2mass", f"twomass-{b}", reference=reference, version="2003", note=note, **more
        )


def _bessell() -> Iterator[Recipe]:
    """Johnson-Cousins UBVRI; the table is an energy response."""
    for name, offset in zip(("ux", "b", "v", "r", "i"), (0.79, -0.09, 0.02, 0.21, 0.45), strict=True):
        yield Recipe(
            f"bessell{name}",
            "bessell",
            "sncosmo",
            f"sncosmo/data/bandpasses/bessell/bessell_{name}.dat",
            "Bessell 1990, PASP 102, 1181, table 2",
            "1990",
            "ideal Johnson-Cousins band, no instrument; Landolt's standards put Vega at 0.03",
            detector="energy",
            vega=(offset, BLANTON),
            vega_mag=0.03,
        )


_CSP = (
    # name, file, magnitude of Vega in the natural system (as the package lists it)
    ("cspu", "Swope/u_tel_ccd_atm_ext_1.2.dat", 0.0),
    ("cspb", "Swope/B_tel_ccd_atm_ext_1.2.dat", 0.03),
    ("cspg", "Swope/g_tel_ccd_atm_ext_1.2.dat", 0.0),
    ("cspv3009", "Swope/V_LC3009_tel_ccd_atm_ext_1.2.dat", 0.015),
    ("cspv3014", "Swope/V_LC3014_tel_ccd_atm_ext_1.2.dat", 0.0096),
    ("cspv9844", "Swope/V_tel_ccd_atm_ext_1.2.dat", 0.0096),
    ("cspr", "Swope/r_tel_ccd_atm_ext_1.2_new.dat", 0.0),
    ("cspi", "Swope/i_tel_ccd_atm_ext_1.2_new.dat", 0.0),
    ("cspys", "Swope/Y_SWO_TAM_scan_atm.dat", 0.0),
    ("cspjs", "Swope/J_SWO_TAM_scan_atm.dat", 0.0),
    ("csphs", "Swope/H_SWO_TAM_scan_atm.dat", 0.0),
    ("cspyd", "Dupont/Y_DUP_TAM_scan_atm.dat", 0.0),
    ("cspjd", "Dupont/J_DUP_TAM_scan_atm.dat", 0.0),
    ("csphd", "Dupont/H_DUP_TAM_scan_atm.dat", 0.0),
)


def _snpy() -> Iterator[Recipe]:
    """CSP, Swift UVOT and the PS1 open band."""
    folder = "snpy-2.7.4/snpy/filters/filters"
    for name, file, vega_mag in _CSP:
        telescope = file.split("/")[0].replace("Dupont", "du Pont (WIRC)")
        note = f"scanned filter, {telescope}, with the atmosphere at airmass 1.2"
        if name in ("cspu", "cspg", "cspr", "cspi"):
            note += "; the natural system of u g r i is tied to BD+17 4708, not to Vega"
        reference = "Krisciunas et al. 2017, AJ 154, 211"
        member = f"{folder}/LCO/{file}"
        yield Recipe(name, "csp", "snpy", member, reference, "CSP-I DR3", note, vega_mag=vega_mag)
    uvot = (
        ("u", "U_UVOT", 1.02),
        ("b", "B_UVOT", -0.13),
        ("v", "V_UVOT", -0.01),
        ("uvw1", "UVW1", 1.51),
        ("uvm2", "UVM2", 1.69),
        ("uvw2", "UVW2", 1.73),
    )
    for band, file, offset in uvot:
        yield Recipe(
            f"uvot::{band}",
            "uvot",
            "snpy",
            f"{folder}/Swift/UVOT/photon{file}.dat",
            "Poole et al. 2008, MNRAS 383, 627; Breeveld et al. 2011",
            "2011",
            "effective area [cm2], in space, with the red leak",
            vega=(offset, BREEVELD),
        )
    note = "no filter, capture cross-section [m2] with the atmosphere at airmass 1.2; the table begins at 3800 A"
    member = f"{folder}/HHAOS/PS1/ps1_open.dat"
    yield Recipe("ps1::open", "ps1", "snpy", member, "Tonry et al. 2012, ApJ 750, 99, table 3", "2012", note)


def _surveys() -> Iterator[Recipe]:
    """ZTF, ATLAS and PTF."""
    for b in "gri":
        reference = "Bellm et al. 2019, PASP 131, 018002; curves of the ZTF project by way of the SVO service"
        member = f"slsne/ref_data/filters/Palomar_ZTF.{b}_AB.dat"
        yield Recipe(f"ztf{b}", "ztf", "slsne", member, reference, "SVO Palomar/ZTF", "filter and CCD, no atmosphere")
    for b in "co":
        reference = "Tonry et al. 2018, PASP 130, 064505; curves of the ATLAS project by way of the SVO service"
        note = "filter, optics, detector and atmosphere"
        member = f"piscola/filters/ATLAS/ATLAS_{b}.dat"
        yield Recipe(f"atlas{b}", "atlas", "piscola", member, reference, "SVO Misc/Atlas", note)
    reference = "Law et al. 2009, PASP 121, 1395; Ofek et al. 2012, PASP 124, 62"
    yield Recipe(
        "ptf48r",
        "ptf",
        "mosfit",
        "mosfit/modules/observables/filters/CFHT_CFH12k.R_AB.dat",
        reference,
        "CFH12K Mould R",
        "Mould R of the CFH12K camera, which PTF used, moved 20.5 A to the blue as in the curve in use for PTF;"
        " filter alone, no CCD, no atmosphere",
        shift=-20.5,
    )
    yield Recipe(
        "ptf48g",
        "ptf",
        "speclite",
        "speclite/data/filters/sdss2010-g.ecsv",
        reference,
        "stand-in",
        "STAND-IN: the SDSS g curve (Doi et al. 2010); no curve of PTF g has a permissive license, and PTF g is"
        " calibrated to SDSS g with a small color term",
    )


def read_bytes(package: str, member: str, archives: Path) -> bytes:
    """One file of a package at its pinned version."""
    version, _, archive = PACKAGES[package]
    if archive is None:
        installed = importlib.metadata.distribution(package)
        if installed.version != version:
            raise SystemExit(f"{package} is {installed.version}, expected {version}")
        return Path(str(installed.locate_file(member))).read_bytes()
    if archive.endswith(".whl"):
        with zipfile.ZipFile(archives / archive) as wheel:
            return wheel.read(member)
    with tarfile.open(archives / archive) as sdist:
        file = sdist.extractfile(member)
        if file is None:
            raise SystemExit(f"{archive} has no {member}")
        return file.read()


def read_curve(recipe: Recipe, archives: Path) -> tuple[np.ndarray, np.ndarray]:
    """Wavelength [A] and photon response as the package has them, without negative values."""
    lines = read_bytes(recipe.package, recipe.member, archives).decode().splitlines()
    nanometer = any("unit: nm" in line for line in lines)
    rows = [line.split()[:2] for line in lines if line[:1] in " 0123456789" and line.strip()]
    wave, response = np.array(rows, dtype=np.float64).T
    wave = wave * (10.0 if nanometer else 1.0)
    if recipe.name == "sdssu":
        wave, response = fill_gap(wave, response)
    if (recipe.stored or recipe.detector) == "energy":
        response = response / wave
        response = response / response.max()
    return wave + recipe.shift, np.maximum(response, 0.0)


def fill_gap(wave: np.ndarray, response: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Zeros inside the widest step; speclite leaves out the zeros between a band and its red leak."""
    i = int(np.argmax(np.diff(wave)))
    step = float(np.median(np.diff(wave)))
    inner = (wave[i] + step, wave[i + 1] - step)
    return np.insert(wave, i + 1, inner), np.insert(response, i + 1, (0.0, 0.0))


def close(wave: np.ndarray, response: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Trim both ends where the response is at most ``level`` of the peak, and end in zeros."""
    inside = np.flatnonzero(response > level * response.max())
    first, last = inside[0], inside[-1]
    low = wave[first - 1] if first else 2 * wave[0] - wave[1]
    high = wave[last + 1] if last + 1 < wave.size else 2 * wave[-1] - wave[-2]
    kept = slice(first, last + 1)
    return np.concatenate([[low], wave[kept], [high]]), np.concatenate([[0.0], response[kept], [0.0]])


def thin(wave: np.ndarray, response: np.ndarray, tolerance: float) -> tuple[np.ndarray, np.ndarray]:
    """Drop points that a straight line replaces (Ramer, Douglas and Peucker).

    ``tolerance`` is relative to the response where that is above 1 % of the peak, and to 1 % of the peak below:
    a faint leak is wide, and its errors would add up.
    """
    scale = np.maximum(response, 0.01 * response.max())
    keep = np.zeros(wave.size, dtype=bool)
    keep[[0, -1]] = True
    stack = [(0, wave.size - 1)]
    while stack:
        a, b = stack.pop()
        line = np.interp(wave[a : b + 1], wave[[a, b]], response[[a, b]])
        error = np.abs(response[a : b + 1] - line) / scale[a : b + 1]
        worst = a + int(np.argmax(error))
        if error.max() > tolerance:
            keep[worst] = True
            stack += [(a, worst), (worst, b)]
    return wave[keep], response[keep]


def rounded(wave: np.ndarray, response: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The numbers as they will be written."""
    return np.round(wave, 2), np.array([float(f"{value:.5g}") for value in response])


def ab_mags(wave: np.ndarray, response: np.ndarray, grid: np.ndarray, spectra: np.ndarray) -> np.ndarray:
    """AB magnitude, less a constant, of each spectrum [per A] on ``grid``."""
    trans = np.interp(grid, wave, response, left=0.0, right=0.0)
    flux = np.trapezoid(spectra * trans * grid, grid, axis=1)
    return -2.5 * np.log10(flux / np.trapezoid(trans / grid, grid))


def check_spectra(grid: np.ndarray, vega: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Power laws, black bodies and Vega."""
    powers = [(grid / grid.mean()) ** p for p in (-4.0, -2.0, 0.0, 2.0)]
    bodies = [1.0 / (grid**5 * np.expm1(1.438777e8 / (grid * t))) for t in (4000.0, 6000.0, 15000.0)]
    return np.array([*powers, *bodies, np.interp(grid, *vega)])


def compact(
    wave: np.ndarray, response: np.ndarray, vega: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, float]:
    """The smallest version of a curve that keeps the magnitudes, and its trim level."""
    whole = close(wave, response, 0.0)
    grid = np.unique(np.concatenate([whole[0], np.arange(whole[0][0], whole[0][-1], 0.5)]))
    spectra = check_spectra(grid, vega)
    truth = ab_mags(*whole, grid, spectra)
    for level, tolerance in itertools.product((1e-3, 1e-4, 1e-5, 1e-6, 0.0), (2e-3, 1e-3, 5e-4)):
        small = rounded(*thin(*close(wave, response, level), tolerance))
        if np.max(np.abs(ab_mags(*small, grid, spectra) - truth)) < SHIFT_LIMIT:
            return *small, level
    return *rounded(*close(wave, response, 0.0)), 0.0


def vega_ab(wave: np.ndarray, response: np.ndarray, vega: tuple[np.ndarray, np.ndarray]) -> float:
    """AB magnitude of the Vega spectrum."""
    inside = (vega[0] > wave[0]) & (vega[0] < wave[-1])
    grid = np.unique(np.concatenate([wave, vega[0][inside]]))
    zero = -2.5 * np.log10(1.0 / 2.99792458e18) - 48.6
    return float(ab_mags(wave, response, grid, np.interp(grid, *vega)[None])[0] + zero)


def header(recipe: Recipe, level: float, offset: tuple[float, str]) -> str:
    """The commented lines at the top of a file."""
    version, license_name, _ = PACKAGES[recipe.package]
    meta = {
        "name": recipe.name,
        "survey": recipe.survey,
        "origin": f"{recipe.package} {version}, {recipe.member}; {recipe.reference}",
        "license": license_name,
        "version": recipe.version,
        "detector": recipe.detector,
        "response": "photon",
        "note": recipe.note,
        "tail_level": level,
        "vega_ab": offset[0],
        "vega_source": offset[1],
        "vega_mag": recipe.vega_mag,
    }
    columns = [
        {"name": "wavelength", "unit": "Angstrom", "datatype": "float64"},
        {"name": "throughput", "datatype": "float64"},
    ]
    text = yaml.safe_dump({"datatype": columns, "meta": meta}, sort_keys=False, width=100, default_flow_style=None)
    return "".join(f"# {line}\n" for line in ["%ECSV 1.0", "---", *text.splitlines()]) + "wavelength throughput\n"


def build(recipe: Recipe, archives: Path, vega: tuple[np.ndarray, np.ndarray], out: Path) -> str:
    """Write one file; return its row of the README's table."""
    wave, response, level = compact(*read_curve(recipe, archives), vega)
    computed = round(vega_ab(wave, response, vega), 3)
    offset = recipe.vega or (computed, VEGA_COMPUTED)
    path = out / recipe.path
    path.parent.mkdir(parents=True, exist_ok=True)
    body = "".join(f"{w:.2f}".rstrip("0").rstrip(".") + f" {t:.5g}\n" for w, t in zip(wave, response, strict=True))
    path.write_text(header(recipe, level, offset) + body)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    effective = np.trapezoid(response * wave, wave) / np.trapezoid(response, wave)
    version, license_name, _ = PACKAGES[recipe.package]
    source = "computed" if recipe.vega is None else offset[1].split(",")[0].split(" (")[0]
    print(f"{recipe.name:12s} {wave.size:5d} points, tail {level:g}, Vega {offset[0]:+.3f}, computed {computed:+.3f}")
    cells = (f"`{recipe.name}`", recipe.path, f"{recipe.package} {version}; {recipe.reference}", license_name)
    numbers = (
        recipe.version,
        recipe.detector,
        f"{effective:.0f}",
        f"{offset[0]:.3f} ({source})",
        f"`{digest}`",
    )
    return "| " + " | ".join(cells + numbers) + " |"


def main() -> None:
    """Build all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archives", type=Path, help="folder with the downloaded archives named in the README")
    parser.add_argument("--out", type=Path, default=HERE, help="folder to write to (default: this one)")
    args = parser.parse_args()
    table = fits.getdata(io.BytesIO(read_bytes(*VEGA_FILE, args.archives)), 1)
    vega = (np.asarray(table["WAVELENGTH"], dtype=np.float64), np.asarray(table["FLUX"], dtype=np.float64))
    made = sorted(recipes(), key=lambda recipe: recipe.path)
    rows = [build(recipe, args.archives, vega, args.out) for recipe in made]
    sums = [f"{hashlib.sha256((args.out / r.path).read_bytes()).hexdigest()}  {r.path}\n" for r in made]
    (args.out / "SHA256SUMS").write_text("".join(sums))
    readme = args.out / "README.md"
    start = (HERE / "README.md").read_text().split("<!-- table -->")[0]
    columns = ("name", "file", "origin", "license", "version", "detector", "effective wavelength [A]")
    head = f"| {' | '.join(columns)} | vega_ab [mag] | sha256 |\n"
    rule = "|---" * (len(columns) + 2) + "|\n"
    readme.write_text(f"{start}<!-- table -->\n\n{head}{rule}" + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
