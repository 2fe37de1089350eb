"""Sealed releases on their way: object stores, delivery, receipt, recall."""
