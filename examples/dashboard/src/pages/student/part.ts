import type { Problem } from "../../graph/problems";

/** What each part of a student's page needs beside its fragment. */
export interface PartProps {
  /** Why something in this part is missing. */
  readonly problems: readonly Problem[];
  readonly onRetry: () => void;
}
