"""Serves one model to the gateway; runs inside the sandbox (docs/serving-runtime.md).

Python 2.7 to 3.13, standard library only, besides the framework that the model needs
and that is imported when the model is loaded. Imports nothing of ours but itself.
"""
