"""Use cases, one a file: typed options in, one typed outcome out, nothing printed."""
