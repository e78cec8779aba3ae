"""Use cases, one per file: typed options in, one typed outcome out; nothing is printed."""
