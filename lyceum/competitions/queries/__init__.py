"""Reads of competitions; other apps import from here."""
