import { useState } from "react";
import { useQuery } from "urql";
import { Link, Redirect } from "wouter";

import { counted, gradeLevel, personName } from "../../format";
import { graphql } from "../../gql";
import type { StudentsPageQuery } from "../../gql/graphql";
import { isCurrent } from "../../graph/enrollment";
import { problemsOf } from "../../graph/problems";
import { useViewer } from "../../session/viewer";
import { Card, Empty, Waiting } from "../../ui/card";
import { Search } from "../../ui/fields/search";
import { Notices } from "../../ui/notice";
import { Pages, useCursor } from "../../ui/pages";
import { ScopeFields, useScope } from "../../ui/scope";
import { type Columns, columnsOf, DataTable } from "../../ui/table";
import { useTitle } from "../../ui/title";

const StudentsDocument = graphql(`
  query StudentsPage($district: ID, $name: String, $after: String) {
    viewer {
      students(filter: { district: $district, name: $name }, first: 25, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        edges {
          node {
            id
            studentUniqueId
            gradeLevel
            name {
              firstName
              lastName
            }
            enrollments {
              exitWithdrawDate
              school {
                name
              }
            }
          }
        }
      }
    }
  }
`);

type Connection = NonNullable<NonNullable<StudentsPageQuery["viewer"]>["students"]>;
type Student = NonNullable<Connection["edges"][number]["node"]>;

const column = columnsOf<Student>();
const COLUMNS: Columns<Student> = [
  column.accessor((student) => personName(student.name), {
    id: "name",
    header: "Name",
    cell: ({ row, getValue }) => <Link href={`/student/${row.original.id}`}>{getValue()}</Link>,
  }),
  column.accessor("studentUniqueId", { header: "Number" }),
  column.accessor((student) => gradeLevel(student.gradeLevel), { id: "grade", header: "Grade" }),
  column.accessor(
    (student) =>
      (student.enrollments ?? [])
        .filter(isCurrent)
        .map(({ school }) => school?.name)
        .filter(Boolean)
        .join(", ") || "–",
    { id: "school", header: "School" },
  ),
];

/** The viewer's students, by name. A family with one child goes to the child's page. */
export default function StudentsPage() {
  useTitle("Students");
  const { role } = useViewer();
  const [scope, setScope] = useScope();
  const [name, setName] = useState("");
  const { after, pages, restart } = useCursor();
  const [result, execute] = useQuery({
    query: StudentsDocument,
    variables: { district: scope.district, name: name || null, after },
  });
  const students = result.data?.viewer?.students;
  const rows = (students?.edges ?? []).flatMap(({ node }) => node ?? []);
  const family = role === "PARENT" || role === "STUDENT";
  const [only] = rows;
  if (family && only && students?.totalCount === 1) {
    return <Redirect to={`/student/${only.id}`} replace />;
  }
  return (
    <>
      <h1>Students</h1>
      <div className="filters">
        <ScopeFields
          scope={scope}
          withSchool={false}
          onChange={(changed) => {
            setScope(changed);
            restart();
          }}
        />
        <Search
          label="Name"
          value={name}
          onChange={(text) => {
            setName(text);
            restart();
          }}
        />
      </div>
      <Card title={typeof students?.totalCount === "number" ? counted(students.totalCount, "student") : "Students"}>
        <Notices problems={problemsOf(result)} onRetry={() => execute({ requestPolicy: "network-only" })} />
        {rows.length > 0 && <DataTable label="Students" columns={COLUMNS} rows={rows} />}
        {students && rows.length === 0 && (
          <Empty>{name ? "No student of yours has such a name." : "You have no students here."}</Empty>
        )}
        {result.fetching && !students && <Waiting />}
        <Pages pages={pages} pageInfo={students?.pageInfo} />
      </Card>
    </>
  );
}
