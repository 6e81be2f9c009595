"""A fitted model as one file, and back. Nothing here is for users to import."""
