import { lazy, Suspense, useEffect, useRef } from "react";
import { useQuery } from "urql";
import { Link, Redirect, Route, Router, Switch, useLocation } from "wouter";
import { useHashLocation } from "wouter/use-hash-location";

import { TITLE } from "./district";
import { personName } from "./format";
import type { ViewerRole } from "./gql/graphql";
import { problemsOf } from "./graph/problems";
import { LOADERS } from "./pages/loaders";
import { PersonField } from "./session/person-field";
import type { People } from "./session/token";
import { SessionDocument, ViewerProvider } from "./session/viewer";
import { Waiting } from "./ui/card";
import { Notices } from "./ui/notice";

const ComparisonPage = lazy(LOADERS.comparison);
const DayPage = lazy(LOADERS.day);
const EarlyWarningPage = lazy(LOADERS["early-warning"]);
const PopulationPage = lazy(LOADERS.population);
const StudentPage = lazy(LOADERS.student);
const StudentsPage = lazy(LOADERS.students);

const PAGES = {
  "/day": "My classes",
  "/early-warning": "Early warning",
  "/comparison": "Comparison",
  "/population": "Find a group",
  "/students": "Students",
} as const;
type PageAddress = keyof typeof PAGES;

/** The pages of each role; the first one is its start. */
const PAGES_BY_ROLE: Record<ViewerRole, readonly PageAddress[]> = {
  TEACHER: ["/day", "/early-warning", "/population", "/comparison", "/students"],
  PRINCIPAL: ["/early-warning", "/comparison", "/population", "/students"],
  COUNSELOR: ["/early-warning", "/comparison", "/population", "/students"],
  SUPERINTENDENT: ["/comparison", "/early-warning", "/population", "/students"],
  SERVICE: ["/comparison", "/students"],
  PARENT: ["/students"],
  STUDENT: ["/students"],
};

interface AppProps {
  /** Tokens of the demo's people; empty outside the demo. */
  readonly people: People;
  readonly token: string;
}

/** The bar with the pages of the viewer's role, and the page. A student's id is in the fragment: no server sees it. */
export function App({ people, token }: AppProps) {
  const [result, retry] = useQuery({ query: SessionDocument });
  const viewer = result.data?.viewer;
  if (!viewer) {
    return (
      <main>
        <h1>{TITLE}</h1>
        {result.fetching ? <Waiting /> : <Notices problems={problemsOf(result)} onRetry={retry} />}
      </main>
    );
  }
  const pages = PAGES_BY_ROLE[viewer.role];
  return (
    <Router hook={useHashLocation}>
      <a className="skip" href="#main" onClick={focusMain}>
        Skip to the page
      </a>
      <header className="bar">
        <div className="brand">
          <strong>{TITLE}</strong>
          <span>{viewer.districts.map(({ name }) => name).join(", ")}</span>
        </div>
        <nav aria-label="Pages" className="no-print">
          {pages.map((address) => (
            <PageLink key={address} address={address} />
          ))}
        </nav>
        <div className="person no-print">
          {Object.keys(people).length > 0 ? (
            <PersonField people={people} token={token} />
          ) : (
            viewer.staff && <span>{personName(viewer.staff.name)}</span>
          )}
        </div>
      </header>
      <FocusOnNavigation />
      <main id="main" tabIndex={-1}>
        <ViewerProvider value={viewer}>
          <Suspense fallback={<Waiting />}>
            <Switch>
              <Route path="/day" component={DayPage} />
              <Route path="/early-warning" component={EarlyWarningPage} />
              <Route path="/comparison" component={ComparisonPage} />
              <Route path="/population" component={PopulationPage} />
              <Route path="/students" component={StudentsPage} />
              <Route path="/student/:id">{({ id }) => <StudentPage key={id} id={id} />}</Route>
              <Route>
                <Redirect to={pages[0] ?? "/students"} replace />
              </Route>
            </Switch>
          </Suspense>
        </ViewerProvider>
      </main>
    </Router>
  );
}

/** After a change of the page, the focus is at its start, so that a screen reader reads the new page. */
function FocusOnNavigation() {
  const [location] = useLocation();
  const known = useRef(location);
  useEffect(() => {
    const before = known.current;
    known.current = location;
    if (before === location || before === "/") return; // from there the first page is chosen
    document.getElementById("main")?.focus();
    scrollTo(0, 0);
  }, [location]);
  return null;
}

/** Move the focus past the bar; the fragment stays that of the page. */
function focusMain(event: React.MouseEvent) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function PageLink({ address }: { readonly address: PageAddress }) {
  const [location] = useLocation();
  return (
    <Link href={address} aria-current={location === address ? "page" : undefined}>
      {PAGES[address]}
    </Link>
  );
}
