import { capitalized } from "../format";
import { ChoiceField } from "../ui/fields/choice";
import { type People, storeToken } from "./token";

interface Props {
  /** Tokens of the demo's people. */
  readonly people: People;
  /** Name of who looks at the page. */
  readonly person: string;
}

/** A menu of the demo's people, to look at the same page as each of them. It is open at first. */
export default function PeopleMenu({ people, person }: Props) {
  const signInAs = (name: string) => {
    storeToken(people[name] ?? "");
    location.hash = "";
    location.reload(); // drops everything that the other person could see
  };
  return (
    <ChoiceField
      label="Viewing as"
      choices={Object.keys(people).map((name) => ({ id: name, name: capitalized(name) }))}
      value={person}
      onChange={signInAs}
      isOpenAtFirst
    />
  );
}
