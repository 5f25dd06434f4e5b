"""Mails: what the gallery tells people, written with the change it tells of and sent by the worker."""
