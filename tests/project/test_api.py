import pytest

import sntransport


def test_public_names_are_pinned():
    assert sorted(sntransport.__all__) == [
        "Bandpass",
        "BuildResult",
        "KCorrection",
        "LightCurve",
        "ObservedSeries",
        "Population",
        "RestLightCurve",
        "Sightline",
        "SpectralSeries",
        "Spectrum",
        "Supernova",
        "Survey",
        "__version__",
        "band_flux",
        "band_flux_err",
        "bolometric",
        "bolometric_correction",
        "build",
        "evaluate_k_correction",
        "export",
        "interpolators",
        "k_correct",
        "k_correction",
        "load_bands",
        "load_survey",
        "observe",
        "read_light_curve",
        "read_series",
        "read_supernova",
        "s_correction",
        "simulate",
        "simulate_chunks",
        "transport",
        "unobserve",
        "weights",
        "write_series",
    ]


def test_every_public_name_is_there():
    for name in sntransport.__all__:
        assert getattr(sntransport, name) is not None
    assert set(sntransport.__all__) <= set(dir(sntransport))


def test_no_module_hides_a_public_function():
    # Importing the submodule must not replace the function of the same name on the package.
    from sntransport import pipeline  # noqa: F401

    assert callable(sntransport.build)


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="attribute bild"):
        _ = sntransport.bild
