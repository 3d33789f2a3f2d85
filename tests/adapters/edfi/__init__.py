"""The Ed-Fi adapter."""
