"""Shares of what was emitted once, and figures by which designs and machines are compared."""
