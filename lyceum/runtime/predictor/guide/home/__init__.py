"""What converters of the guide import as ``home``."""
