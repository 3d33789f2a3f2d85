"""What the processes of a fleet share over Redis: answers, requests in flight, purges and pauses."""
