"""Channels: one kind of evidence a file, columns to codes and priors to tables."""
