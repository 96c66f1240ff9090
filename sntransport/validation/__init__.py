"""How far off a rebuilt spectrum and its photometry are."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.validation.delivered import DeliveredTriplets as DeliveredTriplets
    from sntransport.validation.delivered import judge_delivered as judge_delivered
    from sntransport.validation.hidden_nights import NightPoints as NightPoints
    from sntransport.validation.hidden_nights import judge_nights as judge_nights
    from sntransport.validation.leave_out import Triplets as Triplets
    from sntransport.validation.leave_out import judge as judge
    from sntransport.validation.leave_out import noise_floor as noise_floor
    from sntransport.validation.leave_out_scores import Score as Score
    from sntransport.validation.leave_out_scores import score as score
    from sntransport.validation.photometric_scores import Share as Share
    from sntransport.validation.photometric_scores import all_shares as all_shares
    from sntransport.validation.photometric_test import BandPoints as BandPoints
    from sntransport.validation.photometric_test import judge_bands as judge_bands
    from sntransport.validation.step_test import StepPoints as StepPoints
    from sntransport.validation.step_test import judge_steps as judge_steps

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "delivered": ["DeliveredTriplets", "judge_delivered"],
        "hidden_nights": ["NightPoints", "judge_nights"],
        "leave_out": ["Triplets", "judge", "noise_floor"],
        "leave_out_scores": ["Score", "score"],
        "photometric_scores": ["Share", "all_shares"],
        "photometric_test": ["BandPoints", "judge_bands"],
        "step_test": ["StepPoints", "judge_steps"],
    },
)
