"""Blocks run on the server's side: what they print is in the notebook, tab or no tab.

The browser only asks for a run (``handlers``); the queue of each kernel
(``kernel``) executes it and writes what the kernel sends (``outputs``) into the
shared document that jupyter-collaboration keeps, shows and saves. Why this is
ours: docs/adr/0003-server-side-execution.md.
"""
