"""From a checked training set to a fitted model. Nothing here is for users to import."""
