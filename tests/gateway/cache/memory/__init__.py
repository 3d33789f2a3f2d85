"""What the cache counts, what its entries take, and when they leave memory."""
