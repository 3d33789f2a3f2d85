import { number, percent } from "../../format";
import type { Dimension, Metric } from "../../gql/graphql";

/** Which number of a group a metric is compared by, and how it is read. */
interface Comparison {
  readonly name: string;
  /** What the number of a group says. */
  readonly says: string;
  readonly field: "atRiskShare" | "mean" | "rate";
  readonly format: (value: number | null | undefined) => string;
}

/** The metrics that groups can be compared by. */
export const METRICS = {
  CHRONIC_ABSENCE: { name: "Chronic absence", says: "Chronically absent", field: "atRiskShare", format: percent },
  ATTENDANCE_RATE: { name: "Attendance", says: "Days in school", field: "rate", format: percent },
  TARDIES: { name: "Late arrivals", says: "Days late, mean", field: "mean", format: number },
  FAILING_COURSES: { name: "Failing courses", says: "Failing courses, mean", field: "mean", format: number },
  MISSING_WORK: { name: "Missing work", says: "Missing works, mean", field: "mean", format: number },
  ASSESSMENT_PROFICIENT: { name: "Proficient in tests", says: "Proficient", field: "mean", format: percent },
  INCIDENTS: { name: "Incidents", says: "Incidents, mean", field: "mean", format: number },
} as const satisfies Partial<Record<Metric, Comparison>>;
export type ComparedMetric = keyof typeof METRICS;

/** What students can be grouped by. */
export const DIMENSIONS = {
  SCHOOL: "School",
  GRADE_LEVEL: "Grade",
  ENGLISH_LEARNER: "English learners",
  SPECIAL_EDUCATION: "Special education",
  FREE_OR_REDUCED_MEALS: "Free or reduced meals",
  RACE_ETHNICITY: "Race and ethnicity",
  SEX: "Sex",
} as const satisfies Partial<Record<Dimension, string>>;
export type ComparedDimension = keyof typeof DIMENSIONS;
