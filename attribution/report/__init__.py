"""Reports for people: words, tables, text and HTML."""
