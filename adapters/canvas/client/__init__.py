"""How Canvas is asked: requests and addresses."""
