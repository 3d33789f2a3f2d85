import { words } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import { Card } from "../../ui/card";
import { LevelBadge } from "../../ui/level";
import type { PartProps } from "./part";

export const IndicatorsFragment = graphql(`
  fragment Indicators on Student {
    riskProfile {
      source
      level
      indicators {
        domain
        level
        reasons
      }
    }
  }
`);

interface Props extends PartProps {
  readonly student: FragmentType<typeof IndicatorsFragment>;
}

/** The early-warning indicators by domain, each with its reasons. */
export function IndicatorsCard({ student, ...part }: Props) {
  const profile = readFragment(IndicatorsFragment, student).riskProfile;
  return (
    <Card title="Early warning" {...part}>
      {profile && (
        <>
          <p>
            <LevelBadge level={profile.level} />
          </p>
          <ul className="indicators">
            {profile.indicators.map(({ domain, level, reasons }) => (
              <li key={domain}>
                <strong>{words(domain)}</strong> <LevelBadge level={level} />
                <ul className="reasons">
                  {reasons.map((reason) => (
                    <li key={reason}>{reason}</li>
                  ))}
                </ul>
              </li>
            ))}
          </ul>
          <p className="quiet">Judged by the rules that the district has chosen. They are from: {profile.source}</p>
        </>
      )}
    </Card>
  );
}
