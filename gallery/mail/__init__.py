"""Mails: queued in the transaction of the change that they are about, and sent by the worker."""
