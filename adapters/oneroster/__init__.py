"""OneRoster 1.1 and 1.2: rosters, gradebooks and assessment results of any server that offers them."""
