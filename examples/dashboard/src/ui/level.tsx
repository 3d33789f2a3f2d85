import type { Level } from "../gql/graphql";

const LABELS: Record<Level, string> = {
  ON_TRACK: "On track",
  WATCH: "Watch",
  AT_RISK: "At risk",
  NOT_EVALUATED: "Not evaluated",
};

/** A level as a word, a shape and a color, so that no reader needs the color. */
export function LevelBadge({ level }: { readonly level: Level }) {
  return (
    <span className="level" data-level={level}>
      {LABELS[level]}
    </span>
  );
}
