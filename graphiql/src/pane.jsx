import { useEffect, useId, useRef } from "react";

/** A pane beside the editors, shown from its top. */
export function Pane({ title, children }) {
  const titleId = useId();
  const section = useRef(null);
  useEffect(() => {
    section.current.closest(".graphiql-plugin").scrollTop = 0;
  }, []);
  return (
    <section className="sg-pane" aria-labelledby={titleId} ref={section}>
      <h2 id={titleId}>{title}</h2>
      {children}
    </section>
  );
}
