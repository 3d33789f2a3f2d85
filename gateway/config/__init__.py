"""The settings file: its sections, access rules, and the secrets that it names."""
