/** A place on the page. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An arc that opens downwards, as large as fits into a box. */
export interface Arc {
  readonly center: Point;
  readonly radius: number;
  /** Degrees, clockwise from the top. */
  readonly from: number;
  readonly sweep: number;
}

/**
 * The largest arc of this sweep in a box, with `margin` round it. Its own box is not a square: below the ends of a
 * 240° arc there is nothing, and that room is used.
 */
export function fitArc(width: number, height: number, sweep: number, margin: number): Arc {
  const from = -sweep / 2;
  const bottom = -Math.cos((sweep / 2) * (Math.PI / 180));
  const below = Math.max(bottom, 0.34);
  const side = sweep >= 180 ? 1 : Math.sin((sweep / 2) * (Math.PI / 180));
  const radius = Math.max(0, Math.min((width / 2 - margin) / side, (height - 2 * margin) / (1 + below)));
  const tall = radius * (1 + below);
  return { center: { x: width / 2, y: (height - tall) / 2 + radius }, radius, from, sweep };
}

/** The place at a share (0–1) of the arc, `out` pixels outside of it. */
export function pointAt(arc: Arc, share: number, out = 0): Point {
  const angle = (arc.from + arc.sweep * share) * (Math.PI / 180);
  const radius = arc.radius + out;
  return { x: arc.center.x + radius * Math.sin(angle), y: arc.center.y - radius * Math.cos(angle) };
}

/** The SVG path of a part of the arc, `out` pixels outside of it. */
export function pathOf(arc: Arc, start: number, end: number, out = 0): string {
  const a = pointAt(arc, start, out);
  const b = pointAt(arc, end, out);
  const radius = (arc.radius + out).toFixed(2);
  const large = arc.sweep * (end - start) > 180 ? 1 : 0;
  return `M${a.x.toFixed(2)} ${a.y.toFixed(2)}A${radius} ${radius} 0 ${large} 1 ${b.x.toFixed(2)} ${b.y.toFixed(2)}`;
}

/** The share of the way from `min` to `max`, cut at both ends; 0 for what is no number or an empty range. */
export function shareOf(value: unknown, min: number, max: number): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || !(max > min)) return 0;
  return Math.min(1, Math.max(0, (value - min) / (max - min)));
}
