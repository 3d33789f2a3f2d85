# %% [markdown]
"""
# Attendance and courses of my students.

Open this file in VS Code, in PyCharm or, with jupytext, in Jupyter: each `# %%` begins a cell. It also runs as a
script: `python notebook.py`. It needs `httpx` and `polars`, the address of the graph in `STUDENT_GRAPH_URL`, and
your token in `STUDENT_GRAPH_TOKEN`.
"""

# %%
import os
from pathlib import Path

import httpx
import polars as pl

QUERY = (Path(__file__).parent / "students.graphql").read_text()
client = httpx.Client(headers={"Authorization": f"Bearer {os.environ['STUDENT_GRAPH_TOKEN']}"}, timeout=60)

# %% [markdown]
# The list has pages of 100 students. What is missing is in `errors`, with a code: look at it before you count.

# %%
nodes, after = [], None
while True:
    request = {"query": QUERY, "variables": {"after": after}}
    answer = client.post(os.environ["STUDENT_GRAPH_URL"], json=request).json()
    for error in answer.get("errors", []):
        print(error["extensions"]["code"], error.get("path"), error["message"])
    students = answer["data"]["viewer"]["students"]
    nodes += [edge["node"] for edge in students["edges"]]
    after = students["pageInfo"]["endCursor"]
    if not students["pageInfo"]["hasNextPage"]:
        break

# %% [markdown]
# `null` means that the number is not known, which is not zero. Keep it as a null of the table.

# %%
table = pl.DataFrame(
    {
        "student": node["studentUniqueId"],
        "grade": node["gradeLevel"],
        "days_missed": ((node["attendance"] or {}).get("chronicAbsence") or {}).get("value"),
        "level": ((node["attendance"] or {}).get("chronicAbsence") or {}).get("level"),
        "failing": ((node["courses"] or {}).get("failingCourses") or {}).get("value"),
    }
    for node in nodes
)
print(table.sort("days_missed", descending=True, nulls_last=True).head(10))

# %%
by_grade = table.group_by("grade").agg(
    pl.len().alias("students"),
    pl.col("days_missed").mean(),
    (pl.col("level") == "AT_RISK").sum().alias("at_risk"),
)
print(by_grade.sort("grade"))
