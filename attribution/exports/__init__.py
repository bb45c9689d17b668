"""Attributions handed on to other programs: maps, spreadsheets, tables, threat intelligence."""
