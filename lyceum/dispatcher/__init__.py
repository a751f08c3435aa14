"""The reconcile loop: what the database wants against what hub and engine report."""
