/**
 * What a district changes first: its names for things. Everything else comes from the graph.
 */

/** The title above all pages. */
export const TITLE = "Student dashboard";

/** Names of the source systems for readers, by their name in the gateway's settings. */
const SYSTEMS: Readonly<Record<string, string>> = {
  edfi: "the student information system",
  oneroster: "the student information system",
  powerschool: "PowerSchool",
  aeries: "Aeries",
  canvas: "Canvas",
  moodle: "Moodle",
  classroom: "Google Classroom",
  schoology: "Schoology",
  files: "the assessment files",
};

/** A source system's name for readers. */
export function systemName(source: string | null | undefined): string {
  return source ? (SYSTEMS[source] ?? source) : "a system of the district";
}
