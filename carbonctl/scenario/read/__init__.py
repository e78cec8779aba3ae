"""From files and flags to a checked scenario: files extended, keys checked, errors collected."""
