"""The desk: a local web page and JSON API to see, ask, compare and hand on."""
