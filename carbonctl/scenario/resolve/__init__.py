"""From a checked scenario to inputs full of facts: names looked up, defaults filled in."""
