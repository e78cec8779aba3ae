"""Choices that an estimate needs made: batch and devices of a replica, on arrays."""
