"""Tasks, deadlines and turns of the event loop that all packages of the gateway share."""
