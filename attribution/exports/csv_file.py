"""CSV: one row an incident, harmless in a spreadsheet."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from attribution.exports.arrow import record_batch
from attribution.exports.chosen import export_table
from attribution.scoring.formats import Format
from attribution.scoring.writing import harmless, open_writer

if TYPE_CHECKING:
    from attribution.exports.chosen import Selection
    from attribution.posterior.posterior import Posterior


def csv_file(posterior: Posterior, selection: Selection) -> bytes:
    """Write incidents as comma-separated text.

    Parameters
    ----------
    posterior
        The model.
    selection
        Which of its case's incidents.

    Returns
    -------
    bytes
        UTF-8 with one header row; numbers to the digits that tell them apart. A text that a
        spreadsheet would take for a formula gets a leading apostrophe.
    """
    batch = record_batch(export_table(posterior, selection), harmless)
    stream = io.BytesIO()
    # Raw: every text is harmless already, not only those of the columns that scoring knows.
    writer = open_writer(stream, Format.CSV, batch.schema, raw=True)
    writer.write(batch)
    writer.close()
    return stream.getvalue()
