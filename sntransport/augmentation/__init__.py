"""From series to a labeled training set, split by supernova."""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from sntransport.augmentation.mixing import Mixture as Mixture
    from sntransport.augmentation.mixing import draw_mixtures as draw_mixtures
    from sntransport.augmentation.mixing import feature_mix as feature_mix
    from sntransport.augmentation.mixing import linear_mix as linear_mix
    from sntransport.augmentation.mixing import mix as mix
    from sntransport.augmentation.mixing import mix_linear as mix_linear
    from sntransport.augmentation.run import plan_augmentation as plan_augmentation
    from sntransport.augmentation.run import run_augmentation as run_augmentation
    from sntransport.augmentation.selection import balanced as balanced
    from sntransport.augmentation.selection import effective_number as effective_number
    from sntransport.augmentation.selection import inverse_propensity_weights as inverse_propensity_weights
    from sntransport.augmentation.selection import select as select
    from sntransport.augmentation.splits import LeakError as LeakError
    from sntransport.augmentation.splits import assign_splits as assign_splits
    from sntransport.augmentation.splits import designation as designation
    from sntransport.augmentation.splits import require_no_leak as require_no_leak
    from sntransport.augmentation.training_set import TrainingSet as TrainingSet
    from sntransport.augmentation.training_set import select_training_set as select_training_set
    from sntransport.augmentation.training_templates import TrainingTemplate as TrainingTemplate
    from sntransport.augmentation.training_templates import make_templates as make_templates
    from sntransport.augmentation.training_templates import template_weights as template_weights

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "mixing": ["Mixture", "draw_mixtures", "feature_mix", "linear_mix", "mix", "mix_linear"],
        "run": ["plan_augmentation", "run_augmentation"],
        "selection": ["balanced", "effective_number", "inverse_propensity_weights", "select"],
        "splits": ["LeakError", "assign_splits", "designation", "require_no_leak"],
        "training_set": ["TrainingSet", "select_training_set"],
        "training_templates": ["TrainingTemplate", "make_templates", "template_weights"],
    },
)
