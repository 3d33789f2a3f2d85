// The part of the graph that the page asks for, over the same records as the gateway's district in memory.
// Dates are strings here: the serializer of graphql-jit knows no scalars of one's own.
import { readFileSync } from "node:fs";
import DataLoader from "dataloader";
import { makeExecutableSchema } from "@graphql-tools/schema";

const typeDefs = `
  type Query { section(id: ID!): Section }
  type Provenance { source: String! recordId: String! fetchedAt: String! stale: Boolean! }
  type Section { id: ID! sectionIdentifier: String! courseTitle: String provenance: Provenance! roster: [Place!] }
  type Place { beginDate: String student: Student }
  type Name { firstName: String! lastName: String! }
  type Student {
    id: ID! studentUniqueId: String! name: Name! gradeLevel: String provenance: Provenance!
    courseGrades: [Grade!] assessments: [Result!]
  }
  type Grade { courseName: String numeric: Float gradeType: String! provenance: Provenance! }
  type Result { administrationDate: String schoolYear: Int scores: [Score!]! provenance: Provenance! }
  type Score { result: String! numeric: Float }
`;

const held = JSON.parse(readFileSync(process.env.RECORDS, "utf8"));

// Hand-written, one loader for each kind of record, as a careful author would.
export const context = () => {
  const by = (table) => new DataLoader(async (ids) => ids.map((id) => table[id] ?? null));
  return {
    students: by(held.students),
    gradeLevels: by(held.gradeLevels),
    courseGrades: by(held.courseGrades),
    assessments: by(held.assessments),
    courses: by(held.courses),
  };
};

const resolvers = {
  Query: { section: (_, { id }) => (id === held.section.id ? held.section : null) },
  Section: { courseTitle: (section, _, loaders) => loaders.courses.load(section.id) },
  Place: { student: (place, _, loaders) => loaders.students.load(place.studentUniqueId) },
  Student: {
    gradeLevel: (student, _, loaders) => loaders.gradeLevels.load(student.studentUniqueId),
    courseGrades: (student, _, loaders) => loaders.courseGrades.load(student.studentUniqueId),
    assessments: (student, _, loaders) => loaders.assessments.load(student.studentUniqueId),
  },
};

export const schema = makeExecutableSchema({ typeDefs, resolvers });
