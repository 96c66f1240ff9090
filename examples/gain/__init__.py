"""What `augmentation_gain.py` is made of: supernovae, arms, light curves, classifiers, scores."""
