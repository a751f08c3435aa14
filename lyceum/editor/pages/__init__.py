"""The code editor's page and the JSON that it talks."""
