"""The file that declares a vendor: what may be in it, where a mistake is, and how it is read."""
