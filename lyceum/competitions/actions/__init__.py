"""Writes of competitions; other apps import from here."""
