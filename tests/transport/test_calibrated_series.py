"""Features on a level: what the errors are made of."""

import numpy as np

from sntransport.calibration.preparation import prepare
from sntransport.transport.calibrated_series import dense_series, observed_level, split_features
from sntransport.transport.interpolation_errors import SHARE_WITH_COLORS
from sntransport.transport.interpolators import log_linear
from tests.support.synthetic import supernova

PHASE = np.array([5.0, 13.0, 40.0])


def flat_errors(sn_type, wave, change, gap, bridge):
    return np.full((bridge.size, wave.size), 0.2)


def test_where_colors_are_observed_a_share_of_the_error_of_interpolation_is_left():
    features = split_features(prepare(supernova(snr=1e4)).series, interpolate=log_linear, max_gap=40.0)
    level = observed_level(features, PHASE)
    known = np.array([True, False, True])
    series = dense_series(features, PHASE, level, errors=flat_errors, known=known)
    relative = np.nanmedian(series.flux_err / series.flux, axis=1)
    np.testing.assert_allclose(relative, 0.2 * np.where(known, SHARE_WITH_COLORS, 1.0), rtol=0.02)
