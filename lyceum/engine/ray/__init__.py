"""The engine of several machines: each run is a Ray job with a shim on every machine of it.

The platform speaks HTTP with Ray's head and needs no Ray itself; `driver` and `share` run
on the cluster's machines, where Ray is installed (docs/operators/cluster.md, ADR 8).
"""
