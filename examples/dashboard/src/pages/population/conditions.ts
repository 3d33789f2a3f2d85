import type { StudentCondition } from "../../gql/graphql";

/** A kind of condition that a reader can choose. */
interface Kind {
  readonly name: string;
  /** The number beside it; undefined if the condition has none. */
  readonly amount?: { readonly label: string; readonly first: number; readonly max?: number };
  readonly condition: (amount: number) => StudentCondition;
}

/** The kinds of conditions, from the systems of attendance, grades, work, tests and programs. */
export const KINDS = {
  chronic: {
    name: "Chronically absent",
    condition: () => ({ metric: { metric: "CHRONIC_ABSENCE", level: ["AT_RISK"] } }),
  },
  share: {
    name: "Share of days missed",
    amount: { label: "Percent, at least", first: 5, max: 100 },
    condition: (percent) => ({ metric: { metric: "CHRONIC_ABSENCE", atLeast: percent / 100 } }),
  },
  late: {
    name: "Days late",
    amount: { label: "Days, at least", first: 3 },
    condition: (days) => ({ metric: { metric: "TARDIES", atLeast: days } }),
  },
  failing: {
    name: "Failing courses",
    amount: { label: "Courses, at least", first: 1 },
    condition: (courses) => ({ metric: { metric: "FAILING_COURSES", atLeast: courses } }),
  },
  missing: {
    name: "Missing work",
    amount: { label: "Works, at least", first: 2 },
    condition: (works) => ({ metric: { metric: "MISSING_WORK", atLeast: works } }),
  },
  proficient: {
    name: "Not proficient in the latest test",
    condition: () => ({ metric: { metric: "ASSESSMENT_PROFICIENT", atMost: 0 } }),
  },
  incidents: {
    name: "Incidents",
    amount: { label: "Incidents, at least", first: 1 },
    condition: (incidents) => ({ metric: { metric: "INCIDENTS", atLeast: incidents } }),
  },
  english: { name: "In language instruction", condition: () => ({ program: { kind: "LANGUAGE_INSTRUCTION" } }) },
  meals: { name: "Free or reduced meals", condition: () => ({ meals: { statuses: ["FREE", "REDUCED"] } }) },
  bus: { name: "Takes a bus", condition: () => ({ bus: {} }) },
} as const satisfies Record<string, Kind>;
export type KindId = keyof typeof KINDS;

/** A condition as the reader built it. */
export interface Chosen {
  readonly key: number;
  readonly kind: KindId;
  readonly amount: number;
  /** Whether the condition is turned around. */
  readonly not: boolean;
}

/** The amount that a kind begins with; 0 if it has none. */
export function firstAmount(kind: KindId): number {
  return amountOf(kind)?.first ?? 0;
}

/** What the amount of a kind is; undefined if it has none. */
export function amountOf(kind: KindId): Kind["amount"] {
  return (KINDS[kind] as Kind).amount;
}

/** The condition for the graph. */
export function conditionOf({ kind, amount, not }: Chosen): StudentCondition {
  const condition = KINDS[kind].condition(amount);
  return not ? { not: condition } : condition;
}
