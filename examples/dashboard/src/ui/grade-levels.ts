import { gradeLevel } from "../format";
import type { GradeLevel } from "../gql/graphql";

const LEVELS: readonly GradeLevel[] = [
  "KINDERGARTEN",
  "FIRST",
  "SECOND",
  "THIRD",
  "FOURTH",
  "FIFTH",
  "SIXTH",
  "SEVENTH",
  "EIGHTH",
  "NINTH",
  "TENTH",
  "ELEVENTH",
  "TWELFTH",
];

/** Grade levels to choose from. */
export const GRADE_LEVELS = LEVELS.map((id) => ({ id, name: gradeLevel(id) }));
