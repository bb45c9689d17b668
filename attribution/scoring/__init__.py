"""Scoring: files of incidents in, files of attributions out."""
