"""How far off a rebuilt spectrum and its photometry are."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.validation.leave_out import Triplets as Triplets
    from sntransport.validation.leave_out import judge as judge
    from sntransport.validation.leave_out import noise_floor as noise_floor
    from sntransport.validation.leave_out_scores import Score as Score
    from sntransport.validation.leave_out_scores import score as score
    from sntransport.validation.photometric_scores import Share as Share
    from sntransport.validation.photometric_scores import all_shares as all_shares
    from sntransport.validation.photometric_test import BandPoints as BandPoints
    from sntransport.validation.photometric_test import judge_bands as judge_bands

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "leave_out": ["Triplets", "judge", "noise_floor"],
        "leave_out_scores": ["Score", "score"],
        "photometric_scores": ["Share", "all_shares"],
        "photometric_test": ["BandPoints", "judge_bands"],
    },
)
