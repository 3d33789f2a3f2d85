// A hand-written server for the pages of the benchmark `day`: graphql-jit, DataLoaders, and a cache of 60 seconds over
// the vendors' REST APIs. It reads what each page needs key by key, as such servers do, sixteen requests at a time.
import { createServer } from "node:http";
import DataLoader from "dataloader";
import { makeExecutableSchema } from "@graphql-tools/schema";
import { compiler } from "./compiler.js";

const { edfi, canvas, key, secret, token, year, people, today } = JSON.parse(process.env.DAY);
const FRESH_MILLISECONDS = 60_000;
const PAGE_ROWS = 500;
const CONCURRENCY = 16;

const typeDefs = `
  type Query { viewer: Viewer! students(filter: Filter, first: Int, after: String): Students! }
  input Filter { school: ID }
  type Viewer { sections: [Section!] }
  type Section { id: ID! courseTitle: String roster: [Enrollment!] }
  type Enrollment { student: Student courseGrades: [Grade!] assignments: [Work!] }
  type Name { firstName: String! lastName: String! }
  type Student {
    studentUniqueId: String! name: Name! gradeLevel: String attendanceEvents(first: Int): Events
    assessments: [Result!] courseGrades: [Grade!] assignments: [Work!]
  }
  type Events { totalCount: Int! edges: [EventEdge!]! }
  type EventEdge { node: Event! }
  type Event { date: String category: String }
  type Result { administrationDate: String scores: [Score!] }
  type Score { result: String }
  type Grade { numeric: Float letter: String }
  type Work { title: String status: String missing: Boolean }
  type Students { totalCount: Int! pageInfo: PageInfo! edges: [StudentEdge!]! }
  type PageInfo { hasNextPage: Boolean! endCursor: String }
  type StudentEdge { node: Student! }
`;

// Requests in order of arrival, and no more than CONCURRENCY at once.
const waiting = [];
let running = 0;
const slot = async (work) => {
  if (running >= CONCURRENCY) await new Promise((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
};

// Each address is read once in sixty seconds; requests for an address that is being read share the response.
const kept = new Map();
const get = (url, headers) => {
  const entry = kept.get(url);
  if (entry && entry.until > Date.now()) return entry.body;
  const body = slot(async () => {
    const response = await fetch(url, { headers: await headers() });
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`${response.status}`);
    return response.json();
  });
  kept.set(url, { body, until: Date.now() + FRESH_MILLISECONDS });
  body.catch(() => kept.delete(url));
  return body;
};

let edfiToken;
const edfiHeaders = async () => {
  edfiToken ??= fetch(`${edfi}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({ grant_type: "client_credentials", client_id: key, client_secret: secret }),
  }).then((response) => response.json());
  return { authorization: `Bearer ${(await edfiToken).access_token}` };
};
const rows = async (resource, filters) => {
  const all = [];
  for (let offset = 0; ; offset += PAGE_ROWS) {
    const query = new URLSearchParams({ ...filters, limit: PAGE_ROWS, offset });
    const page = await get(`${edfi}/data/v3/ed-fi/${resource}?${query}`, edfiHeaders);
    all.push(...(page ?? []));
    if (!page || page.length < PAGE_ROWS) return all;
  }
};
const canvasHeaders = async () => ({ authorization: `Bearer ${token}` });
const lms = async (path) => (await get(`${canvas}/api/v1/${path}`, canvasHeaders)) ?? [];

const sectionFilters = (section) => ({
  schoolId: section.schoolId,
  schoolYear: section.schoolYear,
  sessionName: section.sessionName,
  localCourseCode: section.localCourseCode,
  sectionIdentifier: section.sectionIdentifier,
});
const active = (row, begin, end) => row[begin] <= today && (!row[end] || row[end] >= today);
const code = (descriptor) => descriptor?.split("#").pop();

const loaders = () => {
  const each = (read) => new DataLoader((keys) => Promise.all(keys.map(read)), { cacheKeyFn: JSON.stringify });
  const courseWork = each(async ([path, ids]) => lms(`${path}/students/submissions?grouped=1&per_page=100&${ids}`));
  const assignments = each(async (course) => lms(`courses/${course}/assignments?per_page=100`));
  const enrollments = each(async (path) => lms(`${path}/enrollments?type[]=StudentEnrollment&state[]=active&per_page=100`));
  return {
    student: each(async (id) => (await rows("students", { studentUniqueId: id }))[0] ?? null),
    schools: each(async (id) => rows("studentSchoolAssociations", { studentUniqueId: id })),
    events: each(async (id) => [
      ...(await rows("studentSchoolAttendanceEvents", { studentUniqueId: id, schoolYear: year })),
      ...(await rows("studentSectionAttendanceEvents", { studentUniqueId: id, schoolYear: year })),
    ]),
    results: each(async (id) => rows("studentAssessments", { studentUniqueId: id })),
    grades: each(async (id) => rows("grades", { studentUniqueId: id, schoolYear: year })),
    sectionGrades: each(async (section) => rows("grades", sectionFilters(section))),
    sectionEnrollments: each(async (section) => enrollments.load(`sections/sis_section_id:${encodeURIComponent(section.sectionIdentifier)}`)),
    sectionWork: each(async (section) => courseWork.load([`sections/sis_section_id:${encodeURIComponent(section.sectionIdentifier)}`, "student_ids[]=all"])),
    studentEnrollments: each(async (id) => enrollments.load(`users/sis_user_id:${id}`)),
    courseWork,
    assignments,
  };
};

const work = async (submissions, titles) =>
  submissions.map((row) => ({
    title: titles.find((assignment) => assignment.id === row.assignment_id)?.name,
    status: row.workflow_state,
    missing: row.missing,
  }));

const student = (id) => ({ studentUniqueId: id });
const resolvers = {
  Query: {
    viewer: (_, __, { staff }) => ({ staff }),
    students: async (_, { filter, first, after }) => {
      const members = await rows("studentSchoolAssociations", filter?.school ? { schoolId: filter.school } : {});
      const ids = members.filter((row) => active(row, "entryDate", "exitWithdrawDate")).map((row) => row.studentReference.studentUniqueId);
      const sorted = [...new Set(ids)].sort();
      const start = after ? Number(after) : 0;
      const page = sorted.slice(start, start + first);
      return {
        totalCount: sorted.length,
        pageInfo: { hasNextPage: start + first < sorted.length, endCursor: String(start + page.length) },
        edges: page.map((id) => ({ node: student(id) })),
      };
    },
  },
  Viewer: {
    sections: async ({ staff }) =>
      (await rows("staffSectionAssociations", { staffUniqueId: staff }))
        .filter((row) => active(row, "beginDate", "endDate"))
        .map((row) => row.sectionReference),
  },
  Section: {
    id: (section) => section.sectionIdentifier,
    courseTitle: async (section) =>
      (await rows("courseOfferings", { localCourseCode: section.localCourseCode, schoolId: section.schoolId, schoolYear: section.schoolYear }))[0]?.localCourseTitle,
    roster: async (section) =>
      (await rows("studentSectionAssociations", sectionFilters(section)))
        .filter((row) => active(row, "beginDate", "endDate"))
        .map((row) => ({ section, id: row.studentReference.studentUniqueId })),
  },
  Enrollment: {
    student: ({ id }) => student(id),
    courseGrades: async ({ section, id }, _, context) =>
      (await context.sectionGrades.load(section)).filter((row) => row.studentSectionAssociationReference.studentUniqueId === id).map(grade),
    assignments: async ({ section, id }, _, context) => {
      const [members, groups] = await Promise.all([context.sectionEnrollments.load(section), context.sectionWork.load(section)]);
      const member = members.find((row) => row.user?.sis_user_id === id);
      const own = member && groups.find((group) => group.user_id === member.user_id);
      return own ? work(own.submissions, await context.assignments.load(member.course_id)) : [];
    },
  },
  Student: {
    name: async ({ studentUniqueId }, _, context) => {
      const row = await context.student.load(studentUniqueId);
      return { firstName: row.firstName, lastName: row.lastSurname };
    },
    gradeLevel: async ({ studentUniqueId }, _, context) => {
      const now = (await context.schools.load(studentUniqueId)).find((row) => active(row, "entryDate", "exitWithdrawDate"));
      return code(now?.entryGradeLevelDescriptor);
    },
    attendanceEvents: async ({ studentUniqueId }, { first }, context) => {
      const events = await context.events.load(studentUniqueId);
      const node = (row) => ({ node: { date: row.eventDate, category: code(row.attendanceEventCategoryDescriptor) } });
      return { totalCount: events.length, edges: events.slice(0, first).map(node) };
    },
    assessments: async ({ studentUniqueId }, _, context) =>
      (await context.results.load(studentUniqueId)).map((row) => ({ administrationDate: row.administrationDate, scores: row.scoreResults })),
    courseGrades: async ({ studentUniqueId }, _, context) => (await context.grades.load(studentUniqueId)).map(grade),
    assignments: async ({ studentUniqueId }, _, context) => {
      const courses = await context.studentEnrollments.load(studentUniqueId);
      const parts = await Promise.all(
        courses.map(async ({ course_id, user_id }) => {
          const groups = await context.courseWork.load([`courses/${course_id}`, `student_ids[]=${user_id}`]);
          const own = groups.find((group) => group.user_id === user_id);
          return own ? work(own.submissions, await context.assignments.load(course_id)) : [];
        }),
      );
      return parts.flat();
    },
  },
};
const grade = (row) => ({ numeric: row.numericGradeEarned ?? null, letter: row.letterGradeEarned ?? null });

const schema = makeExecutableSchema({ typeDefs, resolvers });
const compile = compiler(schema);

createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const { query, variables } = JSON.parse(Buffer.concat(parts).toString("utf8"));
  const plan = compile(query);
  const context = { ...loaders(), staff: people[request.headers["x-person"]] };
  const result = await plan.query(undefined, context, variables);
  const body = plan.stringify(result);
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) });
  response.end(body);
}).listen(Number(process.argv[2]), "127.0.0.1");
