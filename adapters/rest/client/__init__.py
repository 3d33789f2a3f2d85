"""How a declared vendor is called: authentication, requests and lists."""
