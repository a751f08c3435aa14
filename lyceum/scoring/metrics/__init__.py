"""The built-in metrics: ``catalogue`` describes them, the other modules compute them."""
