import { lazy, Suspense, useState } from "react";

import { capitalized } from "../format";
import type { People } from "./token";

const loadMenu = () => import("./people-menu");
const PeopleMenu = lazy(loadMenu);

export interface PersonFieldProps {
  /** Tokens of the demo's people. */
  readonly people: People;
  readonly token: string;
}

/** Which of the demo's people looks at the page. The code of its menu is loaded when somebody opens it. */
export function PersonField({ people, token }: PersonFieldProps) {
  const [isOpened, setOpened] = useState(false);
  const person = Object.keys(people).find((name) => people[name] === token) ?? "";
  const preload = () => void loadMenu().catch(() => undefined);
  const closed = (
    <div className="field">
      <span id="person-label">Viewing as</span>
      <button
        type="button"
        className="choice"
        aria-haspopup="listbox"
        aria-expanded={false}
        aria-labelledby="person person-label"
        onPointerEnter={preload}
        onFocus={preload}
        onClick={() => setOpened(true)}
      >
        <span id="person">{capitalized(person)}</span>
        <span aria-hidden="true">▾</span>
      </button>
    </div>
  );
  if (!isOpened) return closed;
  return (
    <Suspense fallback={closed}>
      <PeopleMenu people={people} person={person} />
    </Suspense>
  );
}
