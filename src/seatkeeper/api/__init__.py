"""REST at /api/v1: everything that the pages can do, by the same services. `rest.py` gathers the groups."""
