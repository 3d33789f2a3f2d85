#!/bin/sh
# Sends a query with curl, and prints the names of the viewer's students, one a line.
#
#   STUDENT_GRAPH_URL=http://127.0.0.1:8000/graphql STUDENT_GRAPH_TOKEN=... sh curl.sh
#
# The token is read from standard input, so that it is not in the list of processes.
set -eu

query='{ viewer { students(first: 100) { edges { node { name { firstName lastName } } } } } }'
body=$(jq -n --arg query "$query" '{query: $query}')

printf 'header = "Authorization: Bearer %s"\n' "$STUDENT_GRAPH_TOKEN" |
  curl --silent --show-error --fail-with-body --config - "$STUDENT_GRAPH_URL" \
    --header 'Content-Type: application/json' \
    --header 'Accept: application/graphql-response+json' \
    --data "$body" |
  jq --raw-output '
    if .errors then .errors[] | "error \(.extensions.code): \(.message)" | halt_error(1) else . end
    | .data.viewer.students.edges[].node.name | "\(.firstName) \(.lastName)"'
