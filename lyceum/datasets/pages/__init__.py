"""Pages of datasets; one file a subject."""
