"""Pages of projects: each only reads the request, calls one action or query, renders."""
