"""Small files that would fill the memory: each reader refuses them in one line before it has taken 2 GiB."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of memory are those of Linux"),
]

BLOCK = 2**26
READERS = {
    "spectrum": "from sntransport.reading.spectrum_files import read_spectrum_file as read",
    "photometry": "from sntransport import read_light_curve as read",
    "event": "from sntransport import read_supernova as read",
    "simlib": "from sntransport.simulation.surveys.formats.snana_simlib import read_simlib as read",
    "visits": "from sntransport.simulation.surveys.formats.visit_tables import read_visits as read",
    "snana": "from sntransport.datasets.snana_fits import read_snana_fits as read",
    "nested": "from sntransport.datasets.nested_parquet import read_nested_parquet as read",
    "series": "from sntransport import read_series as read",
    "own": "from sntransport.datasets.conversion.own_fits import read_own_fits as read",
    "simulated": "from sntransport.simulation.spectroscopy.spectrum_files import read_simulated_spectra as read",
    "model": "from sntransport.export.snana_check import check_folder as read",
    "hosts": "from sntransport.simulation.events.host_files import read_hosts as read",
    "filter": "from sntransport.photometry.bands import read_bandpass as read",
    "config": "from sntransport.simulation.config import read_simulation as read",
    "searcheff": "from sntransport.simulation.selection.snana_searcheff import read_searcheff as read",
    "maps": "from sntransport.simulation.selection.snana_efficiency_maps import read_efficiency_maps as read",
    "logic": "from sntransport.simulation.selection.snana_trigger_logic import read_trigger_logic as read",
    "errors": "from sntransport.simulation.noise.snana_error_maps import read_error_maps as read",
    "info": "from sntransport.cli.inspection.files import describe as read",
    "dust": """
from sntransport._numerics.quantities import NUMBER
from sntransport._storage.config_sections import Section
from sntransport.simulation.events.config import table_columns
def read(path):
    section = Section(path=path.with_name("config.toml"), where="ebv_mw", values={"table": path.name})
    return table_columns(section, "table", {"ra": NUMBER, "dec": NUMBER, "ebv": NUMBER})
""",
}
# What is there after the imports does not count, nor does a warm-up of astropy; more than 2 GiB beside it does not go.
CHILD = """
import resource, sys, warnings
from pathlib import Path
import astropy.table, astropy.io.fits, astropy.io.votable, numpy, pyarrow.parquet
{reader}
warnings.simplefilter("ignore")
here = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (here + 2**31, here + 2**31))
try:
    found = read(Path(sys.argv[1]))
    print("FOUND", *(finding.text for finding in getattr(found, "findings", ())))
except ValueError as error:
    print("REFUSED", error)
print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def zipped(path, begin, piece, size=3 * 2**30):
    """A gzip file of ``size`` bytes: a beginning, then the same piece again and again, in as many members."""
    once = min(BLOCK, size)
    block = gzip.compress(piece * (once // len(piece)), 6)
    path.write_bytes(gzip.compress(begin) + block * (size // once))
    return path


def sparse(path, begin):
    """A file of 3 GiB that takes no room on the disk."""
    with path.open("wb") as file:
        file.write(begin)
        file.truncate(3 * 2**30)
    return path


def header(*cards):
    """A FITS header."""
    text = "".join(f"{key:<8}= {value:>20}".ljust(80) for key, value in cards) + "END".ljust(80)
    return text.ljust(-(-len(text) // 2880) * 2880).encode()


PRIMARY = header(("SIMPLE", "T"), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", "T"))


def image(n):
    return header(("SIMPLE", "T"), ("BITPIX", 8), ("NAXIS", 1), ("NAXIS1", n), ("CRVAL1", "4000.0"), ("CDELT1", "1.0"))


def table(n, *names, width=1):
    """The header of a binary table of ``n`` rows, whose columns are numbers of a byte each."""
    columns = [
        card for i, name in enumerate(names, start=1)
        for card in ((f"TTYPE{i}", f"'{name:<8}'"), (f"TFORM{i}", "'B       '" if width else "'0B      '"))
    ]  # fmt: skip
    return PRIMARY + header(
        ("XTENSION", "'BINTABLE'"), ("BITPIX", 8), ("NAXIS", 2), ("NAXIS1", width * len(names)), ("NAXIS2", n),
        ("PCOUNT", 0), ("GCOUNT", 1), ("TFIELDS", len(names)), *columns,
    )  # fmt: skip


def ecsv(*names):
    columns = "".join(f"# - {{name: {name}, datatype: float64}}\n" for name in names)
    return f"# %ECSV 1.0\n# ---\n# datatype:\n{columns}{' '.join(names)}\n".encode()


def ecsv_bomb(n):
    """An ECSV header whose entry is a list of lists of lists, each ten times the one within."""
    lists = "".join(f"#   a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, n))
    head = ecsv("wave", "flux").decode()
    meta = f"# meta:\n#   a0: &a0 [x, x]\n{lists}#   mjd: *a{n - 1}\n#   instrument: *a{n - 1}\n#   object: *a{n - 1}\n"
    at = head.index("wave flux")
    return (head[:at] + meta + head[at:] + "4000 1\n5000 2\n6000 1\n").encode()


def laughs():
    """A VOTable whose entity is a text of a text of a text."""
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 11))
    return (
        f'<?xml version="1.0"?><!DOCTYPE VOTABLE [<!ENTITY a0 "xxxxxxxxxx">{entities}]>'
        '<VOTABLE version="1.3"><RESOURCE><TABLE><FIELD name="wave" datatype="double"/>'
        "<FIELD name='flux' datatype='double'/><DESCRIPTION>&a10;</DESCRIPTION><DATA><TABLEDATA>"
        "<TR><TD>4000</TD><TD>1</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    ).encode()


def folded(path, **columns):
    """A Parquet file of a few kB whose columns are one value, 200 million times."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    n = 10_000_000
    held = {
        name: pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([value])) for name, value in
        columns.items()
    }  # fmt: skip
    rows = pa.table(held)
    with pq.ParquetWriter(path, rows.schema, compression="zstd") as writer:
        for _ in range(20):
            writer.write_table(rows, row_group_size=n)
    return path


def long_text(path):
    """A Parquet file with a text of a megabyte in each of a million rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    n = 1_000_000
    band = pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array(["r" * 2**20]))
    numbers = {name: np.zeros(n) for name in ("mjd", "ra", "dec", "depth")}
    pq.write_table(pa.table({**numbers, "band": band}), path, compression="zstd")
    return path


def model(folder):
    (folder / "M").mkdir()
    (folder / "M" / "NON1A.LIST").write_text("NON1A: 1 II a\n")
    zipped(folder / "M" / "a.SED.gz", b"", b"1.0 4000.0 1.0\n\n")
    return folder / "M"


def pair(folder):
    names = ("PTROBS_MIN", "PTROBS_MAX")
    return zipped(folder / "a_HEAD.FITS.gz", table(2**30, *names), bytes(16))


S = b"S: 60000.0 1 r 1.0 1.0 10.0 2.0 0 0 30.0 0.01 99\n"
TABLE = table(3 * 2**28, "ra", "dec", "ebv")


def written(path, content):
    path.write_bytes(content)
    return path


CASES = {
    "spectrum, text": ("spectrum", lambda at: zipped(at / "a.txt.gz", b"", b"4000 1.0\n5000 1\n"), "larger than 128"),
    "spectrum, short lines": (
        "spectrum", lambda at: zipped(at / "a.txt.gz", b"", b"12\n1", 2**25), "lines of text, more than",
    ),
    "spectrum, blank lines": ("spectrum", lambda at: zipped(at / "a.txt.gz", b"4 1\n", b"\n", 2**25), "lines of text"),
    "spectrum, one line": ("spectrum", lambda at: zipped(at / "a.txt.gz", b"", b"12 1", 2**25), "words of text"),
    "spectrum, a long word": (
        "spectrum",
        lambda at: zipped(at / "a.txt.gz", b"4000 " + b"9" * 2**20 + b"\n", b"1 1\n1 1\n", 2**23),
        "a line of",
    ),
    "spectrum, ECSV": ("spectrum", lambda at: zipped(at / "a.ecsv.gz", ecsv("wave", "flux"), b"4000 1\n"), "larger"),
    "spectrum, image": ("spectrum",
        lambda at: zipped(at / "a.fits.gz", image(3 * 2**30), bytes(64)),
        "larger than 128"),
    "spectrum, image of bytes": (
        "spectrum", lambda at: zipped(at / "a.fits.gz", image(2**26), bytes(64), 2**26), "values in one part",
    ),
    "spectrum, rows of nothing": (
        "spectrum", lambda at: written(at / "a.fits", table(10**12, "wave", "flux", width=0)), "more than there can be",
    ),
    "spectrum, sparse": ("spectrum", lambda at: sparse(at / "a.fits", image(3 * 2**30)), "larger than 128"),
    "spectrum, YAML of YAML": ("spectrum", lambda at: written(at / "a.ecsv", ecsv_bomb(12)), ""),
    "spectrum, entities": ("spectrum", lambda at: written(at / "a.xml", laughs()), "not a valid VOTable"),
    "photometry, text": (
        "photometry",
        lambda at: zipped(at / "a.csv.gz", b"mjd,band,mag,mag_err\n", b"60000,r,16,0.1\n\n"),
        "larger than",
    ),
    "photometry, table": (
        "photometry",
        lambda at: zipped(at / "a.fits.gz", table(2**24, "mjd", "band", "mag",
        "mag_err"), bytes(64), 2**26),
        "values, more than",
    ),
    "event": ("event", lambda at: zipped(at / "a.json.gz", b'{"SN": {"a": [', b"[],[],[]"), "more than 512 MiB"),
    "event, within": ("event", lambda at: zipped(at / "a.json.gz", b'{"SN": {"a": [', b"[],", 2**28), "GiB of memory"),
    "SIMLIB, visits": ("simlib", lambda at: zipped(at / "a.simlib.gz", b"LIBID: 1\n", S), "MiB of memory"),
    "SIMLIB, short visits": ("simlib", lambda at: zipped(at / "a.simlib.gz", b"LIBID: 1\n", b"S:\n\n"), "of memory"),
    "SIMLIB, blocks": ("simlib", lambda at: zipped(at / "a.simlib.gz", b"", b"LIBID:1\n"), "MiB of memory"),
    "SIMLIB, one line": ("simlib", lambda at: zipped(at / "a.simlib.gz", b"LIBID: 1 ", b"a"), "a line of more than"),
    "visits, ECSV": (
        "visits", lambda at: zipped(at / "a.ecsv", ecsv("mjd", "ra", "dec", "depth"), b"60000 1 1 24\n"), "",
    ),
    "visits, Parquet": (
        "visits",
        lambda at: folded(at / "a.parquet", mjd=6e4, ra=1.0, dec=1.0, depth=24.0, band="r"),
        "bytes would take",
    ),
    "visits, a long name": ("visits", lambda at: long_text(at / "a.parquet"), "a name of 1048576 letters"),
    "nested Parquet": ("nested", lambda at: folded(at / "a.parquet", z=0.1, weight=1.0, lightcurve=1), "bytes would"),
    "SNANA": ("snana", pair, "larger than 512 MiB; decompress it"),
    "SNANA, information": ("info", pair, "larger than 512 MiB; decompress it"),
    "series": ("series", lambda at: zipped(at / "a.fits", image(3 * 2**30), bytes(64)), "not a FITS file"),
    "own light curves": ("own", lambda at: zipped(at / "a.fits", TABLE, bytes(64)), "not a FITS file"),
    "simulated spectra": ("simulated", lambda at: zipped(at / "a.fits", TABLE, bytes(64)), "larger than 512 MiB"),
    "SED": ("model", model, "more than 64 MiB"),
    "hosts, text": (
        "hosts", lambda at: zipped(at / "a.HOSTLIB", b"VARNAMES: GALID ZTRUE\n", b"GAL: 1 0.1\n"), "larger than 512",
    ),
    "hosts, text within": (
        "hosts", lambda at: zipped(at / "a.HOSTLIB", b"VARNAMES: GALID ZTRUE\n", b"GAL: 1 0.1\n", 2**28), "MiB of text",
    ),
    "hosts, table": (
        "hosts", lambda at: zipped(at / "a.fits.gz", table(2**26, "z", "ra"), bytes(64), 2**27), "values, more than",
    ),
    "dust, FITS": ("dust", lambda at: zipped(at / "a.fits", TABLE, bytes(64)), "larger than 64 MiB"),
    "dust, ECSV": ("dust", lambda at: zipped(at / "a.ecsv", ecsv("ra", "dec", "ebv"), b"1 1 0.1\n"), "larger than 64"),
    "dust, CSV": ("dust", lambda at: zipped(at / "a.csv.gz", b"ra,dec,ebv\n", b"1,1,0.1\n"), "larger than 64 MiB"),
    "filter": ("filter", lambda at: zipped(at / "a.dat", b"", b"4000 0.1\n"), "larger than 64 MiB"),
    "configuration": ("config", lambda at: sparse(at / "a.toml", b"seed = 1\n"), "larger than 16 MiB"),
    **{name: (name, lambda at: zipped(at / "a.dat", b"", b"SNR: 1 0\n"), "larger than 64 MiB")
       for name in ("searcheff", "maps", "logic", "errors")},
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_refused_before_it_takes_two_gibibytes(tmp_path, case):
    reader, make, message = CASES[case]
    path = make(tmp_path)
    root = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", CHILD.format(reader=READERS[reader]), str(path)],
        capture_output=True, text=True, check=False, timeout=300,
        env=os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3000:]
    told, peak = ran.stdout.rstrip("\n").split("\n")
    assert told.startswith(("REFUSED", "FOUND")), told
    assert message in told, told
    if told.startswith("REFUSED"):
        assert path.name in told
    assert int(peak.split()[1]) < 2300, peak
