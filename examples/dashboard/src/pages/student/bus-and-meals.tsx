import { date } from "../../format";
import { type FragmentType, graphql, readFragment } from "../../gql";
import { Card, Empty } from "../../ui/card";
import { Figure, Figures } from "../../ui/figures";
import { Origins } from "../../ui/origin";
import type { PartProps } from "./part";

export const BusAndMealsFragment = graphql(`
  fragment BusAndMeals on Student {
    transportation {
      busNumber
      busRoute {
        codeValue
      }
      travelDays {
        codeValue
      }
      provenance {
        ...Origin
      }
    }
    foodService {
      programName
      endDate
      services {
        codeValue
      }
      provenance {
        ...Origin
      }
    }
  }
`);

interface Props extends PartProps {
  readonly student: FragmentType<typeof BusAndMealsFragment>;
}

function codes(descriptors: readonly { readonly codeValue: string }[]): string {
  return descriptors.map(({ codeValue }) => codeValue).join(", ");
}

/** The bus that the student takes, and the meal program; each where the viewer may see it. */
export function BusAndMealsCard({ student, problems, onRetry }: Props) {
  const { transportation: bus, foodService: meals } = readFragment(BusAndMealsFragment, student);
  const failed = (field: string) => problems.some(({ path }) => path.includes(field));
  return (
    <Card
      title="Bus and meals"
      problems={problems}
      onRetry={onRetry}
      footer={<Origins of={[bus, meals].flatMap((record) => (record ? [record.provenance] : []))} />}
    >
      <Figures>
        {bus && (
          <Figure label="Bus" value={bus.busNumber ?? "–"}>
            {[bus.busRoute && `Route ${bus.busRoute.codeValue}`, codes(bus.travelDays)].filter(Boolean).join(" · ")}
          </Figure>
        )}
        {meals && (
          <Figure label="Meals" value={codes(meals.services) || meals.programName}>
            {meals.endDate && `until ${date(meals.endDate)}`}
          </Figure>
        )}
      </Figures>
      {!bus && !failed("transportation") && <Empty>No bus is recorded.</Empty>}
      {!meals && !failed("foodService") && <Empty>No meal program is recorded.</Empty>}
    </Card>
  );
}
