"""The label model on its own: what is true, from labels of many labellers and nothing else."""
