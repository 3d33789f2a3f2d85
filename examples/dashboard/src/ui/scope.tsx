import { useState } from "react";

import { useViewer } from "../session/viewer";
import { ChoiceField } from "./fields/choice";

/** The district and the school that a list is about. */
export interface Scope {
  /** Id of the district; null if the viewer has only one. */
  readonly district: string | null;
  /** Id of the school; null for all schools of the viewer. */
  readonly school: string | null;
}

/** The scope at first: all schools of the viewer's first district. */
export function useScope(): [Scope, (scope: Scope) => void] {
  const { districts } = useViewer();
  const district = districts.length > 1 ? (districts[0]?.id ?? null) : null;
  return useState<Scope>({ district, school: null });
}

interface ScopeFieldsProps {
  readonly scope: Scope;
  readonly onChange: (scope: Scope) => void;
  /** Whether a school can be chosen. */
  readonly withSchool?: boolean;
}

/** Menus of the viewer's districts and schools; each only if there is a choice. */
export function ScopeFields({ scope, onChange, withSchool = true }: ScopeFieldsProps) {
  const { districts, schools } = useViewer();
  const ownSchools = (schools ?? []).filter(({ district }) => !scope.district || district?.id === scope.district);
  return (
    <>
      {scope.district && (
        <ChoiceField
          label="District"
          choices={districts}
          value={scope.district}
          onChange={(district) => onChange({ district, school: null })}
        />
      )}
      {withSchool && ownSchools.length > 1 && (
        <ChoiceField
          label="School"
          choices={[{ id: "", name: "All my schools" }, ...ownSchools]}
          value={scope.school ?? ""}
          onChange={(school) => onChange({ ...scope, school: school || null })}
        />
      )}
    </>
  );
}
