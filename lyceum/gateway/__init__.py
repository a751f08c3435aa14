"""The prediction gateway: HTTP calls to services, checked and sent on in batches.

An ASGI application of its own, without Django. What it knows of services comes from
``routes.json``; replicas' workers dial it (docs/gateway.md).
"""
