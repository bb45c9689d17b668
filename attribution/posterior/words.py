"""The words of `attribution.model.words`, under the name that callers of a posterior know."""

from attribution.model.words import ICD203_WORDS, icd203, icd203_bands, interval, percent

__all__ = ["ICD203_WORDS", "icd203", "icd203_bands", "interval", "percent"]
