"""Reports in formats of other standards: GHG Protocol, SCI, model cards."""
