"""Allocation of embodied carbon, and metrics that compare designs and machines."""
