"""Scores against expert labels, splits that hide them, and the baselines to beat."""
