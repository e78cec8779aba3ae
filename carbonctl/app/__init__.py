"""Use cases: typed options in, a typed outcome out."""
