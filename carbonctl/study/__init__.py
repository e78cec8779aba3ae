"""Studies: the same estimate called with other numbers."""
