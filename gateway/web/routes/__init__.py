"""The routes beside `/graphql`: health checks, GraphiQL, cache purges, vendor webhooks and break-glass."""
