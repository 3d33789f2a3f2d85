#!/bin/sh
# Writes a table for a spreadsheet or a BI tool: one header, a row for each of the viewer's students.
#
#   STUDENT_GRAPH_URL=https://graph.district.example STUDENT_GRAPH_TOKEN=... sh spreadsheet.sh students.csv
#
# Run it on a schedule, and let Excel (Data > From Text/CSV), Google Sheets (File > Import), Power BI or Tableau read the
# file as UTF-8. A file whose answer had errors is not put in the place of the last complete one.
set -eu

folder=$(dirname "$0")
student-graph query "$folder/students.graphql" --url "$STUDENT_GRAPH_URL" --all-pages --csv >"$1.new"
mv "$1.new" "$1"
