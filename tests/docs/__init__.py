"""The documentation: its pages, its examples, and the site that is built of them."""
