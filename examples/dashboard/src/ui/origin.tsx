import { systemName } from "../district";
import { age, capitalized } from "../format";
import { type FragmentType, graphql, readFragment } from "../gql";

export const OriginFragment = graphql(`
  fragment Origin on Provenance {
    source
    fetchedAt
    stale
  }
`);

interface OriginsProps {
  /** Provenance of the records that are shown. */
  readonly of: readonly FragmentType<typeof OriginFragment>[];
}

/** Which systems the records came from, and how old the oldest of each is; nothing without records. */
export function Origins({ of }: OriginsProps) {
  const bySource = new Map<string, { oldest: string; stale: boolean }>();
  for (const { source, fetchedAt, stale } of readFragment(OriginFragment, of)) {
    const known = bySource.get(source);
    bySource.set(source, {
      oldest: known && known.oldest < fetchedAt ? known.oldest : fetchedAt,
      stale: stale || (known?.stale ?? false),
    });
  }
  if (bySource.size === 0) return null;
  return (
    <ul className="origins" aria-label="Sources">
      {[...bySource].map(([source, { oldest, stale }]) => (
        <li key={source} data-stale={stale || undefined}>
          {capitalized(systemName(source))}, read <time dateTime={oldest}>{age(oldest)}</time>
          {stale && " – older than usual, because the system did not answer since"}
        </li>
      ))}
    </ul>
  );
}
