import type { CombinedError } from "urql";

import { systemName } from "../district";
import { capitalized, classNames } from "../format";

/** Why a part of an answer is missing. */
export interface Problem {
  readonly code: string;
  /** Where in the answer, such as `["student", "assignments"]`. */
  readonly path: readonly (string | number)[];
  readonly source?: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** The class of data that needs a grant. */
  readonly sensitivity?: string;
  /** How many students it is about; undefined if it is not about students in a list. */
  readonly students?: number | null;
}

/** Fields that are lists of students. */
const LISTS_OF_STUDENTS: readonly (string | number)[] = ["edges", "roster"];

interface Answer {
  readonly error?: CombinedError | undefined;
  readonly extensions?: Record<string, unknown> | undefined;
}

interface ErrorExtensions {
  code?: string;
  source?: string;
  retryable?: boolean;
  sensitivity?: string;
}

/** All reasons in an answer why something is missing: its errors, its degraded parts, or that it never came. */
export function problemsOf({ error, extensions }: Answer): readonly Problem[] {
  const degraded = (extensions?.["degraded"] ?? []) as readonly Problem[];
  const errors = (error?.graphQLErrors ?? []).map(({ path, extensions: details }): Problem => {
    const { code = "INTERNAL", source, retryable = false, sensitivity } = details as ErrorExtensions;
    return { code, path: path ?? [], source, retryable, sensitivity };
  });
  const network: Problem[] = error?.networkError ? [{ code: "NO_CONNECTION", path: [], retryable: true }] : [];
  return [...network, ...errors, ...degraded];
}

/** The problems at one of the fields below a path. */
export function problemsAt(
  problems: readonly Problem[],
  path: readonly string[],
  fields: readonly string[],
): Problem[] {
  return problems.filter((problem) => {
    const names = problem.path.filter((step) => typeof step === "string");
    return path.every((name, index) => names[index] === name) && fields.includes(names[path.length] ?? "");
  });
}

/** The problems without those that say the same for another place; each with the students that it is about. */
export function distinct(problems: readonly Problem[]): Problem[] {
  const groups = Map.groupBy(problems, ({ code, source, sensitivity }) => `${code} ${source} ${sensitivity}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    const places = new Set(group.flatMap(({ path }) => placeInList(path) ?? []));
    return first ? { ...first, students: first.students ?? (places.size || undefined) } : [];
  });
}

/** The student in a list that a path leads to; undefined if it leads to none. */
function placeInList(path: Problem["path"]): string | undefined {
  const list = path.findLastIndex((step) => LISTS_OF_STUDENTS.includes(step));
  return list < 0 ? undefined : path.slice(0, list + 2).join(".");
}

/** A problem in plain words. */
export function explain({ code, source, sensitivity }: Problem): string {
  const system = systemName(source);
  switch (code) {
    case "SOURCE_UNAVAILABLE":
    case "DEADLINE":
      return `${capitalized(system)} did not answer in time. What it knows is missing here.`;
    case "RATE_LIMITED":
    case "OVERLOADED":
      return `${capitalized(source ? system : "the gateway")} has too much to do. Try again in a moment.`;
    case "SOURCE_AUTH":
    case "SOURCE_FORBIDDEN":
    case "SOURCE_SETTINGS":
    case "SOURCE_UNSUPPORTED":
      return `${capitalized(system)} does not let the dashboard read this. The operator needs to change a setting.`;
    case "SOURCE_BAD_RESPONSE":
    case "SOURCE_SCHEMA":
      return `${capitalized(system)} sent something that cannot be read. Please tell the operator.`;
    case "NOT_OFFERED":
      return "No system of the district keeps this.";
    case "NO_IDENTITY_LINK":
      return `There is no account in ${system}.`;
    case "IDENTITY_CONFLICT":
    case "IDENTITY_UNCONFIRMED":
      return `It is not certain whose account in ${system} this is, so nothing of it is shown.`;
    case "FORBIDDEN":
      return sensitivity
        ? `Your role does not open ${classNames(sensitivity)}. The district can grant it.`
        : "Your role does not open this. The district can grant it.";
    case "SUPPRESSED":
      return "Hidden on purpose: too few students are behind this number.";
    case "ANSWER_TOO_LARGE":
    case "QUERY_TOO_COMPLEX":
      return "This is too much for one page. Choose fewer students.";
    case "BAD_ID":
      return "The address of this page names nothing that is known here. Start again from the menu above.";
    case "UNAUTHENTICATED":
      return "You are no longer signed in.";
    case "NOT_RECORDED":
      return "The record of disclosures cannot be written at the moment, so nothing is shown.";
    case "NOT_ARRIVED":
      return "This part of the page did not arrive.";
    case "NO_CONNECTION":
      return "The gateway did not answer. Check the connection and try again.";
    default:
      return `This could not be read (${code}). Please tell the operator.`;
  }
}
