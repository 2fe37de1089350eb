"""Notices as letters: written from the outbox, sent by SMTP."""
