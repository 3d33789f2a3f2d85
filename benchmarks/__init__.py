"""What the gateway is measured by: medians and ratios of one run, and answers compared before they are timed."""
