"""Feed every reader with damaged input: python tests/fuzz/fuzz_readers.py --reader osc --cases 10000 --seed 1.

A case is allowed to give a result, or the error that the reader documents, in one line that names the file. Anything
else is printed with its seed, which makes the same case again: another exception, a numerical warning (a number that
nobody looked at), more than 10 s of the processor, or more than 2 GiB of memory. The reader ``values`` has an oracle
for what is read: `tests.fuzz.values`.
"""

import argparse
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fuzz import event_tables
from tests.fuzz import mutations as m

LIMIT_SECONDS, LIMIT_BYTES = 10, 2 * 2**30


class TooLong(BaseException):
    """The case took more than its time."""


@dataclass(frozen=True)
class Target:
    """One reader: how to make good input in a folder, how to spoil a file of it, how to read it, what it may raise.

    Where several paths are made, each case spoils and reads one of them.
    """

    make: Callable[[Path], Path | list[Path]]
    spoil: Callable[[np.random.Generator, str, bytes, Path], bytes]
    read: Callable[[Path], object]
    allowed: tuple[type[Exception], ...]


def _osc(folder):
    import json

    from tests.reading.test_osc import event

    path = folder / "sn.json"
    path.write_text(json.dumps({"SN2099zz": event()}))
    return path


def _folder(folder):
    from astropy.io import fits
    from astropy.table import Table

    wave = np.arange(4000.0, 8000.0, 40.0)
    flux = 1e-15 * (2.0 + np.sin(wave / 300.0))
    (folder / "spectra").mkdir()
    (folder / "sn.toml").write_text(
        'name = "SN2099zz"\naliases = ["AT 2099zz"]\ntype = "Ia"\nz = 0.02\ndistance_mpc = 86.0\nebv_mw = 0.03\n'
        'default_system = { UVOT = "AB", "bessellv KAIT" = "Vega" }\n'
        '[[photometry]]\nfile = "photometry.csv"\nmag_err_unit = "mmag"\nbands = { V = "bessellv" }\n'
        '[[photometry]]\nfile = "forced.txt"\nflux_unit = "uJy"\nflux_err_unit = "nJy"\ntime_unit = "jd"\n'
        '[[spectra]]\nfile = "spectra/b.fits"\nmjd = 60010.5\nmedium = "air"\nflux_err_unit = "percent"\n'
        '[[spectra]]\nfile = "spectra/a.txt"\nwave_unit = "A"\nflux_unit = "erg/s/cm2/A"\n'
    )
    np.savetxt(folder / "spectra" / "a.txt", np.column_stack([wave, flux, 0.1 * flux]), header="MJD = 60001.5")
    Table({"wave": wave, "flux": flux}, meta={"MJD": 60005.0}).write(folder / "spectra" / "c.ecsv")
    hdu = fits.PrimaryHDU(flux)
    hdu.header.update({"CRVAL1": 4000.0, "CDELT1": 40.0, "CRPIX1": 1.0, "CTYPE1": "WAVE", "CUNIT1": "Angstrom"})
    hdu.header["BUNIT"] = "erg/s/cm2/Angstrom"
    hdu.writeto(folder / "spectra" / "b.fits")
    (folder / "photometry.csv").write_text(
        "mjd,band,mag,mag_err,system,instrument\n60000.5,V,16.5,20,,KAIT\n60001.5,sdssr,16.7,30,AB,\n"
    )
    (folder / "forced.txt").write_text("jd band flux flux_err\n2460002.5 sdssr 300 3000\n2460004.5 sdssr -1 3000\n")
    return folder


def _surveys(folder):
    """Photometry in the format of every survey."""
    from tests.reading.formats import test_surveys as of

    for name in ("ATLAS", "ZTF_FORCED", "ASASSN", "ASASSN_V2", "ALERCE", "LASAIR", "RUBIN", "SNANA", "SNOOPY", "SOUSA"):
        (folder / f"{name}.txt").write_text(getattr(of, name))
    return folder


def _surveys_read(folder):
    """The light curves of all files; the last error, where there is one."""
    from sntransport._storage.read_error import ReadError
    from sntransport.reading.supernova import read_light_curve

    refused = None
    for path in sorted(folder.iterdir()):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                read_light_curve(path)
        except ReadError as error:
            refused = error
    if refused is not None:
        raise refused


def _series_file(path):
    from sntransport.spectra.observations import LightCurve
    from sntransport.spectra.series_file import write_series
    from tests.export.test_exports import bump
    from tests.support import synthetic

    series = bump(phase=np.arange(0.0, 40.0, 4.0), wave=np.arange(3000.0, 9000.0, 200.0))
    light = LightCurve(mjd=[59001.0, 59002.0], band=np.array(["lsstg", "lsstr"]), flux=[1.0, 2.0], flux_err=[0.1, 0.2])
    write_series(
        series, path, sightline=synthetic.SIGHTLINE, sparse=series, light_curve=light, pairs=[[0, 1], [1, 2]],
        weight=np.full((series.n_phase, 2), 0.5), notes=["a note"], provenance={"input": "a.json"},
    )  # fmt: skip
    return path


def _series(folder):
    return _series_file(folder / "series.fits")


def _simlib(folder):
    from tests.simulation.surveys.formats.test_snana_simlib import block, visit, write

    keys = "PSF_UNIT: PIXEL\nNPE_PIXEL_SATURATE: 90000\nTEMPLATE_ZPT: 31 31 31 31\nTEMPLATE_SKYSIG: 5 5 5 5"
    return write(folder / "a.simlib", block([visit(), visit("z")]), block([visit("r")], 2, ra=40.0), keys=keys)


def _opsim(folder):
    from tests.simulation.surveys.formats.test_rubin_opsim import a_row, write

    return write(folder / "opsim.db", [a_row(i) for i in range(12)])


def _visits_csv(folder):
    path = folder / "visits.csv"
    path.write_text(
        "# a survey\nmjd,band,ra,dec,zero_point,fwhm,sky_noise,read_noise,gain,field\n"
        "60001.5,lsstr,10,-30,32.1,0.8,12,9,1.5,7\n60000.5,lsstg,11,-31,32.2,0.9,13,9,1.5,8\n"
    )
    return path


def _visits_ecsv(folder):
    from tests.simulation.surveys.formats.test_visit_tables import a_table, write

    return write(folder / "visits.ecsv", a_table(depth=[24.0, 25.0]), radius=1.5, zero_point_error={"lsstg": 0.01})


def _visits_parquet(folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"mjd": [60001.5, 60000.5], "band": ["lsstr", "lsstg"], "ra": [10.0, 11.0], "dec": [-30.0, -31.0],
               "depth": [24.0, 24.5], "zero_point": [32.1, 32.2], "field": [7, 8]}  # fmt: skip
    pq.write_table(pa.table(columns), folder / "visits.parquet")
    return folder / "visits.parquet"


def _fits_spectrum(folder):
    from astropy.table import Table

    wave = np.arange(4000.0, 8000.0, 100.0)
    table = Table({"wave": wave, "flux": 1e-15 + 0.0 * wave, "flux_err": 1e-17 + 0.0 * wave})
    for name, unit in (
        ("wave", "Angstrom"),
        ("flux", "erg / (s cm2 Angstrom)"),
        ("flux_err", "erg / (s cm2 Angstrom)"),
    ):
        table[name].unit = unit
    table.meta["MJD-OBS"] = 59990.0
    table.write(folder / "spectrum.fits")
    return folder / "spectrum.fits"


def _searcheff(folder):
    from tests.simulation.selection.test_snana_searcheff import NEW, OLD

    path = folder / "eff.dat"
    # Whatever stands after OLD has its maps on bands of their own.
    path.write_text(OLD.replace("ri", "u") + NEW.replace("FILTER: g", "FILTER: z").replace("BAND: r", "BAND: Y"))
    return path


def _config(folder):
    _series_file(folder / "t.fits")
    _visits_ecsv(folder)
    path = folder / "config.toml"
    path.write_text(
        'seed = 1\nkeep = "triggered"\n[cosmology]\nh0 = 70.0\nom0 = 0.3\n[[survey]]\nsource = "visits.ecsv"\n'
        'name = "mine"\n[detection]\nthreshold = 5.0\nn_epochs = 2\nepoch_window = 0.02\n[[population]]\nname = "Ia"\n'
        'templates = ["t.fits"]\npeak_band = "bessellb"\npeak_mag = -19.3\nobjects = 300\n'
        'redshift = { rate = "frohmaier2019", range = [0.005, 0.15] }\nmag_offset = { two_sided = [0.0, 0.1, 0.2] }\n'
        "ebv_host = { exponential = 0.1, max = 0.6 }\nrv_host = 3.1\nebv_mw = 0.05\npeculiar_velocity = 300.0\n"
    )
    return path


def _model(folder):
    from sntransport.export.snana import to_snana
    from tests.export.test_snana_check import bump

    place, phase = folder / "M", np.arange(0.0, 30.0, 3.0)
    to_snana([bump("a", "II", phase), bump("b", "Ia", phase)], place, wave_step=400.0, phase_step=5.0)
    return place


def _parquet(folder):
    from sntransport.datasets.nested_parquet import write_nested_parquet
    from tests.datasets.test_formats import curves

    return write_nested_parquet(curves(), folder / "a.parquet")


def _snana(folder):
    from sntransport.datasets.snana_fits import write_snana_fits
    from tests.datasets.test_formats import curves

    return write_snana_fits(curves(), folder / "a")[0]


def _filter_text(folder):
    path = folder / "a.dat"
    path.write_text("# a curve\n# [A] per photon\n4000 0.0\n4500 0.2\n5000 0.5\n5500,0.4\n6000 0.0\n")
    return path


def _filter_read(path):
    from sntransport.photometry.bands import effective_wave, pivot_wave, read_bandpass

    energy, photon = read_bandpass(path, detector="energy"), read_bandpass(path)
    # A curve that was taken has these.
    if not np.all(
        np.isfinite([effective_wave(energy), pivot_wave(energy), effective_wave(photon), pivot_wave(photon)])
    ):
        raise ArithmeticError("a mean wavelength that is none")
    return photon


def _filter_ecsv(folder):
    path = folder / "a.ecsv"
    lines = (Path(__file__).resolve().parents[2] / "filters" / "ztf" / "ztfg.ecsv").read_text().splitlines()
    head = [line for line in lines if line.startswith("#")]
    # A few rows, that changes meet the header as often.
    path.write_text("\n".join([*head, *lines[len(head) :: 12]]) + "\n")
    return path


def _augment(folder):
    _visits_csv(folder)
    path = folder / "config.toml"
    path.write_text(
        'seed = 3\nseries = ["*.fits"]\n[split]\ntrain = 0.6\ntest = 0.4\n[templates]\nmixtures = 2\ndraws = 1\n'
        'parents = 2\nconcentration = 1.5\nbarycenter = "linear"\naugmented = ["train"]\n[[survey]]\n'
        'source = "visits.csv"\nradius = 1.0\npixel_scale = 0.2\n[population]\nredshift = { uniform = [0.02, 0.05] }\n'
        "mag_offset = { normal = [0.0, 0.1] }\n"
        'ebv_host = { exponential = 0.05, max = 0.5 }\n[simulation]\nn = 1500\nkeep = "all"\n[target.train]\nIa = 60\n'
        "II = 40\n[target.test]\nIa = 10\n[balance]\nz_edges = [0.02, 0.035, 0.05]\nz_shares = [0.4, 0.6]\n"
        '[selection]\nband = "lsstr"\nhalf = 18.0\nwidth = 0.4\nbiased = ["train"]\nundo = true\n'
    )
    return path


def _augment_read(path):
    """All that `augment` takes from the file itself."""
    from sntransport.augmentation.config import read_augmentation
    from sntransport.augmentation.setup import events

    events(read_augmentation(path), path)


def _by_kind(rng, name, raw, scratch):
    """A change that suits the file's name."""
    if name.endswith(".json"):
        return m.of_json(rng, raw)
    if name.lower().endswith(".fits"):
        # Those without checksums mostly as bytes, since astropy takes most of the time, and writes no bad headers.
        return m.of_fits(rng, raw) if b"CHECKSUM" in raw or rng.integers(4) == 0 else m.of_cards(rng, raw)
    if name.endswith(".parquet"):
        return m.of_parquet(rng, raw)
    if name.endswith(".db"):
        return m.of_sqlite(rng, raw, scratch)
    if name.endswith(".gz"):
        return m.of_gzip(rng, raw, m.text_or_bytes)
    return m.text_or_bytes(rng, raw)


def _only(*names):
    """A change of these files only."""
    return lambda rng, name, raw, scratch: _by_kind(rng, name, raw, scratch) if name in names else raw


def _reads(module, function, **options):
    """The reader, imported when it is needed."""

    def read(path):
        from importlib import import_module

        return getattr(import_module(f"sntransport.{module}"), function)(path, **options)

    return read


def _supernova(path):
    from sntransport.reading.supernova import read_supernova

    return read_supernova(path, default_system="AB")


def _targets():
    from sntransport._storage.read_error import ReadError

    read_error, value_error = (ReadError,), (ValueError,)
    surveys = "simulation.surveys.formats"
    tables = f"{surveys}.visit_tables"
    return {
        "osc": Target(_osc, _by_kind, _supernova, read_error),
        "folder": Target(_folder, _by_kind, _supernova, read_error),
        "surveys": Target(_surveys, _by_kind, _surveys_read, read_error),
        "series": Target(_series, _by_kind, _reads("spectra.series_file", "read_series_file"), value_error),
        "simlib": Target(_simlib, _by_kind, _reads(f"{surveys}.snana_simlib", "read_simlib"), read_error),
        "opsim": Target(_opsim, _by_kind, _reads(f"{surveys}.rubin_opsim", "read_opsim"), read_error),
        "visits_csv": Target(
            _visits_csv, _by_kind, _reads(tables, "read_visits", radius=1.0, pixel_scale=0.2), read_error
        ),
        "visits_ecsv": Target(_visits_ecsv, _by_kind, _reads(tables, "read_visits"), read_error),
        "visits_parquet": Target(_visits_parquet, _by_kind, _reads(tables, "read_visits", radius=1.0), read_error),
        "fits_spectrum": Target(
            _fits_spectrum, _by_kind, _reads("reading.spectrum_files", "read_spectrum_file"), read_error
        ),
        "dust": Target(event_tables.dust, _by_kind, event_tables.read, read_error),
        "redshifts": Target(event_tables.redshifts, _by_kind, event_tables.read, read_error),
        "parameters": Target(event_tables.parameters, _by_kind, event_tables.read, read_error),
        "hosts": Target(event_tables.hosts, _by_kind, event_tables.read, read_error),
        "efficiencies": Target(event_tables.efficiencies, _by_kind, event_tables.read, value_error),
        "searcheff": Target(_searcheff, _by_kind, _searcheff_read, read_error),
        "config": Target(_config, _only("config.toml"), _reads("simulation.config", "read_simulation"), value_error),
        "augment": Target(_augment, _only("config.toml"), _augment_read, value_error),
        "filter_text": Target(_filter_text, _by_kind, _filter_read, value_error),
        "filter_ecsv": Target(_filter_ecsv, _by_kind, _filter_read, value_error),
        "model": Target(_model, _by_kind, _reads("export.snana_check", "check_folder"), ()),
        "parquet": Target(_parquet, _by_kind, _reads("datasets.nested_parquet", "read_nested_parquet"), value_error),
        "snana": Target(_snana, _by_kind, _reads("datasets.snana_fits", "read_snana_fits"), value_error),
    }  # fmt: skip


def _searcheff_read(path):
    from sntransport.simulation.selection.snana_searcheff import read_searcheff

    return read_searcheff(path, prefix="lsst", field="X3")


def one_case(target, good, folder, path, seed):
    """Outcome of one case: "result", "refused", or the traceback of what was not allowed."""
    rng = np.random.default_rng(seed)
    names = sorted(good)
    if isinstance(path, list):
        path = m.pick(rng, path)
        changed = {path.name}
    else:
        changed = {name for name in names if rng.integers(len(names)) == 0} or {m.pick(rng, names)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in names:
            raw = good[name]
            if name in changed:
                raw = target.spoil(rng, Path(name).name, raw, folder.parent / "scratch.db")
            (folder / name).write_bytes(raw)
    # Of the processor, since others may keep it busy; a case that only waits is ended too, later.
    signal.setitimer(signal.ITIMER_PROF, LIMIT_SECONDS)
    signal.alarm(12 * LIMIT_SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", RuntimeWarning)
            target.read(path)
        return "result"
    except target.allowed as error:
        text = str(error)
        if not any(Path(name).name in text for name in (*good, folder.name)) or "\n" in text:
            return f"{type(error).__name__} without the file, or of several lines: {text!r}"
        return "refused"
    except (Exception, TooLong):
        return traceback.format_exc()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)


def run_values(cases, seed, seconds=float("inf"), show=1):
    """Run cases whose values are known, and print those that came out otherwise; return their number."""
    from tests.fuzz.values import value_case

    finds, n, start = [], 0, time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        for i in range(cases):
            if time.monotonic() - start > seconds:
                break
            n += 1
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    warnings.simplefilter("error", RuntimeWarning)
                    wrong = value_case(np.random.default_rng([seed, i]), Path(place) / "SN")
            except Exception:
                wrong = traceback.format_exc()
            if wrong:
                finds.append((i, wrong))
    print(f"values: {n} cases, seed {seed}: {len(finds)} wrong")
    for i, wrong in finds[:show]:
        print(f"--- case [{seed}, {i}]\n{wrong}")
    return len(finds)


def run(name, cases, seed, seconds=float("inf"), show=1):
    """Run the cases of a reader and print what came out; return the number of those not allowed."""
    if name == "values":
        return run_values(cases, seed, seconds, show)
    for number in (signal.SIGALRM, signal.SIGPROF):
        signal.signal(number, _too_long)
    target = _targets()[name]
    counts, finds, start = Counter(), {}, time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "in"
        folder.mkdir()
        path = target.make(folder)
        good = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
        for one in path if isinstance(path, list) else [path]:
            target.read(one)
        # astropy prints what it ignores.
        warnings.showwarning = lambda *_: None
        sys.unraisablehook = lambda *_: None
        for i in range(cases):
            if time.monotonic() - start > seconds:
                break
            try:
                outcome = one_case(target, good, folder, path, [seed, i])
            except KeyboardInterrupt:
                # What there is until then counts.
                break
            if outcome in ("result", "refused"):
                counts[outcome] += 1
            else:
                counts["NOT ALLOWED"] += 1
                last = [
                    line for line in outcome.strip().splitlines() if line.startswith("  File") and "sntransport" in line
                ]
                finds.setdefault((last or [""])[-1] + outcome.strip().splitlines()[-1][:60], (i, outcome))
    print(f"{name}: {sum(counts.values())} cases, seed {seed}: {dict(counts)}, {len(finds)} different")
    for i, outcome in list(finds.values())[:show]:
        print(f"--- case [{seed}, {i}]\n{outcome}")
    return counts["NOT ALLOWED"]


def _too_long(*_):
    raise TooLong(f"more than {LIMIT_SECONDS} s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reader", choices=[*_targets(), "values", "all"], default="all")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop a reader after this time")
    parser.add_argument("--show", type=int, default=1, help="how many different tracebacks to print")
    given = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, LIMIT_BYTES))
    names = [*_targets(), "values"] if given.reader == "all" else [given.reader]
    finds = [run(name, given.cases, given.seed, given.seconds, given.show) for name in names]
    sys.exit(any(finds))


if __name__ == "__main__":
    main()
