"""From a population and a survey to light curves."""
