"""GeoJSON (RFC 7946): one feature an incident."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attribution.case.records import records
from attribution.exports.chosen import IDENTIFIER, export_table
from attribution.posterior.provenance import model_facts

if TYPE_CHECKING:
    from attribution.case.records import Record
    from attribution.exports.chosen import Selection
    from attribution.posterior.posterior import Posterior

POSITION = ("longitude", "latitude")


def geojson(posterior: Posterior, selection: Selection) -> bytes:
    """Write incidents as a feature collection.

    Parameters
    ----------
    posterior
        The model.
    selection
        Which of its case's incidents.

    Returns
    -------
    bytes
        UTF-8. A feature's ``id`` is the incident's identifier, its geometry a point (longitude,
        latitude) or null, its properties all other columns; ``model`` beside the features says
        which fit answered.
    """
    table = export_table(posterior, selection)
    collection = {
        "type": "FeatureCollection",
        "model": model_facts(posterior),
        "features": [_feature(row) for row in records(table)],
    }
    text = json.dumps(collection, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return (text + "\n").encode("utf-8", errors="replace")


def _feature(row: Record) -> dict[str, object]:
    point = [row.get(name) for name in POSITION]
    geometry = None if None in point else {"type": "Point", "coordinates": point}
    properties = {name: value for name, value in row.items() if name not in POSITION}
    return {
        "type": "Feature",
        "id": row[IDENTIFIER],
        "geometry": geometry,
        "properties": properties,
    }
