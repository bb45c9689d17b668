"""The model: channels assembled into PyMC, sampled, and held to diagnostics."""
