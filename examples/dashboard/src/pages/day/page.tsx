import { useMemo } from "react";
import { Tab, TabList, TabPanel, Tabs } from "react-aria-components";
import { useQuery } from "urql";

import { counted } from "../../format";
import { graphql, isFragmentReady, readFragment } from "../../gql";
import { useLive } from "../../graph/live";
import { problemsOf } from "../../graph/problems";
import { Empty, Waiting } from "../../ui/card";
import { LiveState } from "../../ui/live-state";
import { Notices } from "../../ui/notice";
import { useTitle } from "../../ui/title";
import { ClassCard } from "./class";

/** What the LMS knows about the classes. It is deferred: the rosters do not wait for the LMS. */
export const WorkOfClassesFragment = graphql(`
  fragment WorkOfClasses on Viewer {
    sections {
      id
      roster {
        student {
          id
          coursework {
            missing {
              value
            }
          }
        }
        courseGrades {
          gradeType
          letter
          numeric
          current
          provenance {
            ...Origin
          }
        }
      }
    }
  }
`);

const DayDocument = graphql(`
  query DayPage($inParts: Boolean! = true) {
    viewer {
      sections {
        id
        classPeriods
        ...Class
      }
      ...WorkOfClasses @defer(if: $inParts, label: "work")
    }
  }
`);

/** Variables of the page in one part. */
const WHOLE = { inParts: false };

/** A teacher's day: each class in the order of the day, who was away lately, and whose work is missing. It is live. */
export default function DayPage() {
  useTitle("My classes");
  const [first, execute] = useQuery({ query: DayDocument, variables: {} });
  const finished = !first.fetching && !first.hasNext;
  // First in parts, which is fast; then live, as a whole.
  const live = useLive(DayDocument, WHOLE, finished && !first.error?.networkError);
  const result = live.result ?? first;
  const viewer = result.data?.viewer;
  const retry = () => execute({ requestPolicy: "network-only" });
  const sections = useMemo(
    () =>
      [...(viewer?.sections ?? [])].sort((one, other) =>
        (one.classPeriods[0] ?? "").localeCompare(other.classPeriods[0] ?? "", undefined, { numeric: true }),
      ),
    [viewer],
  );
  // Its fields are in lists that are there from the start: until they arrive, they are undefined.
  const isReady = isFragmentReady(DayDocument, WorkOfClassesFragment, viewer);
  const work = isReady ? readFragment(WorkOfClassesFragment, viewer).sections : undefined;
  return (
    <>
      <header className="page-head">
        <h1>My classes</h1>
        {viewer?.sections && <p className="quiet">{counted(sections.length, "class", "classes")} today</p>}
        <LiveState readAt={live.readAt} isOpen={live.isOpen} />
      </header>
      {!viewer && first.fetching && <Waiting />}
      {viewer?.sections?.length === 0 && <Empty>You teach no class today.</Empty>}
      {sections.length > 0 && (
        <div aria-busy={!finished}>
          <Tabs>
            <TabList aria-label="Classes" className="tab-list no-print">
              {sections.map(({ id, classPeriods }) => (
                <Tab key={id} id={id} className="tab">
                  {classPeriods.join(", ") || "Class"}
                </Tab>
              ))}
            </TabList>
            {sections.map((section) => (
              <TabPanel key={section.id} id={section.id}>
                <ClassCard section={section} work={work?.find(({ id }) => id === section.id)} finished={finished} />
              </TabPanel>
            ))}
          </Tabs>
        </div>
      )}
      {/* Last, at the edge of the window: it may come when somebody reads already, and moves nothing there. */}
      <div className="late">
        <Notices problems={problemsOf(result)} onRetry={retry} />
      </div>
    </>
  );
}
