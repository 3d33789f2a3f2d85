// The part of the schema that the page query uses, over the same records as the gateway's district in memory.
// Dates are strings because the JSON serializer of graphql-jit does not support custom scalars.
import { readFileSync } from "node:fs";
import DataLoader from "dataloader";
import { makeExecutableSchema } from "@graphql-tools/schema";

const typeDefs = `
  type Query { section(id: ID!): Section }
  type Provenance { source: String! recordId: String! fetchedAt: String! stale: Boolean! }
  type Section { id: ID! sectionIdentifier: String! courseTitle: String provenance: Provenance! roster: [Enrollment!] }
  type Enrollment { beginDate: String student: Student }
  type Name { firstName: String! lastName: String! }
  type Student {
    id: ID! studentUniqueId: String! name: Name! gradeLevel: String provenance: Provenance!
    courseGrades: [Grade!] assessments: [Result!]
  }
  type Grade { courseName: String numeric: Float gradeType: String! provenance: Provenance! }
  type Result { administrationDate: String schoolYear: Int scores: [Score!]! provenance: Provenance! }
  type Score { result: String! numeric: Float }
`;

const tables = JSON.parse(readFileSync(process.env.RECORDS, "utf8"));

// One hand-written loader for each kind of record.
export const context = () => {
  const loaderOf = (table) => new DataLoader(async (ids) => ids.map((id) => table[id] ?? null));
  return {
    students: loaderOf(tables.students),
    gradeLevels: loaderOf(tables.gradeLevels),
    courseGrades: loaderOf(tables.courseGrades),
    assessments: loaderOf(tables.assessments),
    courses: loaderOf(tables.courses),
  };
};

const resolvers = {
  Query: { section: (_, { id }) => (id === tables.section.id ? tables.section : null) },
  Section: { courseTitle: (section, _, loaders) => loaders.courses.load(section.id) },
  Enrollment: { student: (enrollment, _, loaders) => loaders.students.load(enrollment.studentUniqueId) },
  Student: {
    gradeLevel: (student, _, loaders) => loaders.gradeLevels.load(student.studentUniqueId),
    courseGrades: (student, _, loaders) => loaders.courseGrades.load(student.studentUniqueId),
    assessments: (student, _, loaders) => loaders.assessments.load(student.studentUniqueId),
  },
};

export const schema = makeExecutableSchema({ typeDefs, resolvers });
