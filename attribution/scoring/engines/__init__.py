"""Ways to score parts: here, one after the other, or on a cluster."""
