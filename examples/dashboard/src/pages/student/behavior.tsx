import { date } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import type { BehaviorFragment as Behavior } from "../../gql/graphql";
import { Card, Empty } from "../../ui/card";
import { Origins } from "../../ui/origin";
import { type Columns, columnsOf, DataTable } from "../../ui/table";
import type { PartProps } from "./part";

export const BehaviorFragment = graphql(`
  fragment Behavior on Student {
    disciplineIncidents {
      incidentIdentifier
      date
      behaviors {
        codeValue
      }
      participation {
        codeValue
      }
      actions {
        disciplines {
          codeValue
        }
      }
      provenance {
        ...Origin
      }
    }
  }
`);

interface Props extends PartProps {
  readonly student: FragmentType<typeof BehaviorFragment>;
}

type Incident = NonNullable<Behavior["disciplineIncidents"]>[number];

function codes(descriptors: readonly { readonly codeValue: string }[]): string {
  return descriptors.map(({ codeValue }) => codeValue).join(", ") || "–";
}

const column = columnsOf<Incident>();
const COLUMNS: Columns<Incident> = [
  column.accessor("date", { header: "Day", cell: (cell) => date(cell.getValue()) }),
  column.accessor((incident) => codes(incident.behaviors), { id: "behavior", header: "Behavior" }),
  column.accessor((incident) => codes(incident.participation), { id: "part", header: "Part in it" }),
  column.accessor((incident) => codes((incident.actions ?? []).flatMap(({ disciplines }) => disciplines)), {
    id: "action",
    header: "What followed",
  }),
];

/** Discipline incidents and what followed. Other students in them are never named. */
export function BehaviorCard({ student, ...part }: Props) {
  const { disciplineIncidents } = readFragment(BehaviorFragment, student);
  const rows = disciplineIncidents ?? [];
  return (
    <Card title="Behavior" {...part} footer={<Origins of={rows.map(({ provenance }) => provenance)} />}>
      {rows.length > 0 ? (
        <DataTable label="Discipline incidents" columns={COLUMNS} rows={rows} />
      ) : (
        disciplineIncidents && <Empty>No incident is recorded.</Empty>
      )}
    </Card>
  );
}
