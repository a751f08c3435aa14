"""Unpacks an archive that nobody trusts; runs inside the sandbox (docs/unpacking.md).

Standard library only, besides libarchive's shared library and `rarfile`, which is
mounted beside it. Imports nothing of ours.
"""
