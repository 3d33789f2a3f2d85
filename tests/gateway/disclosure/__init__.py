"""The record of disclosures."""
