"""What SNANA has room for and where it stops, each with its place in SNANA's source (August 2026)."""

MOST_PHASES, MOST_WAVES = 399, 4999
"""Bins of a template: it stops at MXBIN_DAYSED_SEDMODEL = 400 and MXBIN_LAMSED_SEDMODEL (genmag_SEDtools.h), which was
5000 until 2026."""

MOST_INDEX = MOST_CODE = 1200
"""An index of NON1A.LIST and a type (SNTYPE, GENTYPE) are below this: MXNON1A_TYPE (snlc_sim.h)."""

MOST_KEYS = 9
"""Keys of NON1A_KEYS: MXNON1A_KEY is 10 and counted from 1 (snlc_sim.h)."""

LONGEST_LINE = 119
"""Bytes of a line of a file of spectra without its end; with it MXCHARLINE_FLUX = 120 (sntools.h, rd_sedFlux)."""

MOST_WORDS = 10
"""Words of a line of a file of spectra: MXWORDLINE_FLUX (sntools.h)."""

LONGEST_WORD = 59
"""Letters of a word of SED.INFO: count_SIMSED_INFO has room for 60 with the end (genmag_SIMSED.c)."""

LONGEST_COMMENT = 79
"""Letters of a comment of NON1A.LIST after its sign; what follows is read as words (genmag_NON1ASED.c)."""

LONGEST_TYPE = 19
"""Letters of a type of NON1A.LIST: ``char type[20]`` (genmag_NON1ASED.c, read_NON1A_LIST)."""

PHASE_ROOM = 5
"""Phases that a template of a SIMSED model may have more than the one whose file is largest: NDAY_PAD, set_SIMSED_MXDAY
(genmag_SIMSED.c)."""

PHASES_READ = {"NON1A.LIST": (-150.0, 500.0), "SED.INFO": (-500.0, 1500.0)}
"""Phases [d] outside are not read: Trange of init_genmag_NON1ASED, Trange_SIMSED of init_genmag_SIMSED."""

WAVES_READ = (100.0, 30000.0)
"""Wavelengths [A] outside are not read where no RESTLAMBDA_RANGE is given: LAMMIN_SEDMODEL (genmag_SEDtools.h)."""

LATE = 1.0
"""Within so many days of its last phase a template is extrapolated (genmag_SEDtools.c, get_flux_SEDMODEL)."""

BRIGHT = 0.04
"""A first or last phase with a larger share of the brightest flux is warned of: EDGE_FLUX_RATIO_WARNING
(genmag_SEDtools.c, print_ranges_SEDMODEL)."""
