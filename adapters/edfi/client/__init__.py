"""How an Ed-Fi API is asked: requests, discovery and natural keys."""
