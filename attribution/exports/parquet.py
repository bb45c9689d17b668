"""Parquet: one row an incident, typed."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from attribution.exports.arrow import record_batch
from attribution.exports.chosen import export_table
from attribution.posterior.provenance import model_facts
from attribution.scoring.formats import Format
from attribution.scoring.writing import open_writer

if TYPE_CHECKING:
    from attribution.exports.chosen import Selection
    from attribution.posterior.posterior import Posterior

#: Entry of the file's metadata that says, as JSON, which fit answered.
MODEL = b"attribution.model"


def parquet(posterior: Posterior, selection: Selection) -> bytes:
    """Write incidents as a Parquet file.

    Parameters
    ----------
    posterior
        The model.
    selection
        Which of its case's incidents.

    Returns
    -------
    bytes
        Days as dates, counts as integers, probabilities as doubles; which fit answered stands in
        the file's metadata under ``MODEL``.
    """
    batch = record_batch(export_table(posterior, selection))
    facts = json.dumps(model_facts(posterior), allow_nan=False, sort_keys=True)
    batch = batch.replace_schema_metadata({MODEL: facts.encode("utf-8")})
    stream = io.BytesIO()
    writer = open_writer(stream, Format.PARQUET, batch.schema, raw=True)
    writer.write(batch)
    writer.close()
    return stream.getvalue()
