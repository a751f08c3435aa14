"""Pages of cluster tasks; one file a subject."""
