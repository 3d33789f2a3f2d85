import { DayPageDocument, StudentPageDocument } from "../gql/graphql";
import type { EarlyRequest } from "../graph/early";

/** What loads the code of each page, by the first part of its address. */
export const LOADERS = {
  comparison: () => import("./comparison/page"),
  day: () => import("./day/page"),
  "early-warning": () => import("./early-warning/page"),
  population: () => import("./population/page"),
  student: () => import("./student/page"),
  students: () => import("./students/page"),
};

/** What a page asks first, where its address says all of it. */
const REQUESTS: Readonly<Record<string, (id: string) => EarlyRequest>> = {
  day: () => ({ document: DayPageDocument, variables: {} }),
  student: (id) => ({ document: StudentPageDocument, variables: { id } }),
};

/** Begin to load the code of the page at an address such as `#/student/1`; return what the page asks first. */
export function preload(hash: string): readonly EarlyRequest[] {
  const [, name = "", id = ""] = hash.split("/");
  const load: (() => Promise<unknown>) | undefined = LOADERS[name as keyof typeof LOADERS];
  load?.().catch(() => undefined); // the page itself says so
  return REQUESTS[name] ? [REQUESTS[name](id)] : [];
}
