import type { PlotOptions } from "@observablehq/plot";
import { type ReactNode, useEffect, useId, useRef, useState } from "react";

import { whenIdle } from "./idle";

type Plot = typeof import("./plot");

/** What a chart consists of, made with the library that is loaded later. */
export type ChartOptions = (plot: Plot) => PlotOptions;

/** The height of a legend in two lines, in pixels, with the space below it. */
const LEGEND_HEIGHT = 44;

interface ChartProps {
  /** What the chart shows, in a sentence with its main finding: its alternative text and its caption. */
  readonly summary: string;
  /** The height of the chart in pixels, without its legend. */
  readonly height: number;
  /** Whether there is a legend above the chart. */
  readonly hasLegend?: boolean;
  readonly options: ChartOptions;
  /** The same numbers as a table; left out where the table is beside the chart. */
  readonly children?: ReactNode;
}

/** A chart as wide as its place, a caption, and its numbers as a table. Text and numbers do not wait for the chart. */
export function Chart({ summary, height, hasLegend = false, options, children }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const caption = useId();
  const [width, setWidth] = useState(0);
  const [hasFailed, setFailed] = useState(false);

  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    if (place.current) observer.observe(place.current);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (width === 0) return;
    let isCurrent = true;
    const draw = async () => {
      await whenIdle();
      const plot = await import("./plot");
      await whenIdle(); // one chart at a time, so that the page answers between them
      if (!isCurrent) return;
      const chart = plot.plot({ ...options(plot), height, width, className: "plot", marginBottom: 36 });
      chart.setAttribute("aria-hidden", "true"); // the caption and the table say the same
      place.current?.replaceChildren(chart);
    };
    draw().catch(() => setFailed(true)); // the numbers are there
    return () => {
      isCurrent = false;
    };
  }, [options, height, width]);

  return (
    <figure className="chart">
      {!hasFailed && (
        // The height is reserved, so that nothing moves when the chart appears.
        <div
          ref={place}
          role="img"
          aria-labelledby={caption}
          style={{ minHeight: height + (hasLegend ? LEGEND_HEIGHT : 0) }}
        />
      )}
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
