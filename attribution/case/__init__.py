"""The case: everything known about one conflict, checked and typed."""
