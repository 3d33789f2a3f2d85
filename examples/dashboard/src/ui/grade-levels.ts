import { GRADES, gradeLevel } from "../format";
import type { GradeLevel } from "../gql/graphql";

const LEVELS: readonly GradeLevel[] = ["KINDERGARTEN", ...GRADES];

/** Grade levels to choose from. */
export const GRADE_LEVELS = LEVELS.map((id) => ({ id, name: gradeLevel(id) }));
