"""What a selection is of: classes and types, fields that surveys have."""

import pytest

from sntransport.simulation.selection.selection import Prescale, Selection


def test_a_prescale_is_of_classes_and_types():
    assert Prescale(factor=2, classes=("II",)).is_for("II P")
    assert Prescale(factor=2, classes=("II P",)).is_for("II P")
    assert not Prescale(factor=2, classes=("II P",)).is_for("IIb")
    assert not Prescale(factor=2, classes=("Ia",)).is_for("II")
    for name in ("classes", "fields"):
        with pytest.raises(ValueError, match=rf"Prescale\.{name} is the text 'Ia', expected a list of texts"):
            Prescale(factor=2, **{name: "Ia"})


def test_fields_that_no_survey_has_are_refused():
    selection = Selection(prescale=(Prescale(factor=2, fields=("ZZ",)),))
    selection.require_fields(("ZZ", "X1"))
    with pytest.raises(ValueError, match="no survey has a field 'ZZ'; there are X1, X2"):
        selection.require_fields(("X1", "X2"))
