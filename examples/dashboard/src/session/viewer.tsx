import { createContext, useContext } from "react";

import { graphql } from "../gql";
import type { SessionQuery } from "../gql/graphql";

export const SessionDocument = graphql(`
  query Session {
    viewer {
      role
      staff {
        name {
          firstName
          lastName
        }
      }
      districts {
        id
        name
      }
      schools {
        id
        schoolId
        name
        district {
          id
        }
      }
    }
  }
`);

/** Who looks at the dashboard. */
export type Viewer = NonNullable<SessionQuery["viewer"]>;

const Context = createContext<Viewer | null>(null);
export const ViewerProvider = Context.Provider;

/** The viewer; below `ViewerProvider` only. */
export function useViewer(): Viewer {
  const viewer = useContext(Context);
  if (!viewer) throw new Error("useViewer needs a ViewerProvider above it");
  return viewer;
}
