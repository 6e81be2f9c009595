"""Whole files: written completely or not at all, looked at before they are read."""
