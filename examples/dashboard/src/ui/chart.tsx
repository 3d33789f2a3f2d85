import * as Plot from "@observablehq/plot";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";

interface ChartProps {
  /** What the chart shows, in a sentence with its main finding: its alternative text and its caption. */
  readonly summary: string;
  readonly options: Plot.PlotOptions;
  /** The same numbers as a table; left out where the table is beside the chart. */
  readonly children?: ReactNode;
}

/** A chart as wide as its place, a caption, and its numbers as a table. */
export function Chart({ summary, options, children }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const caption = useId();
  const [width, setWidth] = useState(0);

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    if (place.current) observer.observe(place.current);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (width === 0 || !place.current) return;
    const plot = Plot.plot({ ...options, width, className: "plot", marginBottom: 36 });
    plot.setAttribute("aria-hidden", "true"); // the caption and the table say the same
    place.current.replaceChildren(plot);
    return () => plot.remove();
  }, [options, width]);

  return (
    <figure className="chart">
      {/* The height is reserved, so that nothing moves when the chart appears. */}
      <div ref={place} role="img" aria-labelledby={caption} style={{ minHeight: options.height }} />
      <figcaption id={caption}>{summary}</figcaption>
      {children && (
        <details>
          <summary>Show the numbers</summary>
          {children}
        </details>
      )}
    </figure>
  );
}
