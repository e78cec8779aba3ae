"""Results in the terms of other standards: GHG Protocol, SCI, model cards."""
