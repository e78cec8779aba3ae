"""Life-cycle carbon of AI: what a model costs, how sure we are, what would change it."""

__version__ = "0.1.0"
