"""Reports: one envelope of plain data for every result, and renderers of it."""
