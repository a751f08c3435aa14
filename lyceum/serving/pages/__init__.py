"""Pages of prediction services; one file a subject."""
