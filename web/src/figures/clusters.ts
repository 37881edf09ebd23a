// Points that are near one another on the screen, put together; the same as drawn_places.py does for still pictures.
export type Point = [x: number, y: number];
export interface Cluster {
  at: Point;
  /** Indices of the points, the strongest first. */
  members: number[];
}

/** Points within `near` pixels of a stronger one go with it; they are pushed `off` pixels from the taken places. */
export function clustered(points: Point[], which: number[], near: number, taken: Point[] = [], off = near): Cluster[] {
  const cells = new Map<string, number[]>(); // only neighbours are compared
  const cell = ([x, y]: Point, dx = 0, dy = 0) => `${Math.floor(x / near) + dx},${Math.floor(y / near) + dy}`;
  for (const i of which) {
    const key = cell(points[i] as Point);
    cells.set(key, [...(cells.get(key) ?? []), i]);
  }
  const free = new Set(which);
  const found: Cluster[] = [];
  for (const i of which) {
    if (!free.has(i)) continue;
    const here = points[i] as Point;
    const members: number[] = [];
    for (const dx of [-1, 0, 1]) {
      for (const dy of [-1, 0, 1]) {
        for (const j of cells.get(cell(here, dx, dy)) ?? []) {
          const there = points[j] as Point;
          if (free.has(j) && Math.hypot(there[0] - here[0], there[1] - here[1]) < near) members.push(j);
        }
      }
    }
    members.sort((a, b) => a - b);
    members.forEach((j) => free.delete(j));
    found.push({ at: taken.reduce((at, point) => pushed(at, point, off), here), members });
  }
  return found;
}

function pushed([x, y]: Point, [a, b]: Point, off: number): Point {
  const apart = Math.hypot(x - a, y - b);
  if (apart >= off) return [x, y];
  if (apart < 1e-6) return [a + off, b];
  return [a + ((x - a) * off) / apart, b + ((y - b) * off) / apart];
}

/** Where each of several marks at one place goes: the first there, the others around it. */
export function fan(at: Point, radii: number[], gap = 7): Point[] {
  const [first = 0, ...others] = radii;
  if (!others.length) return [at];
  const largest = Math.max(...others);
  const far = Math.max(first + largest + gap, (others.length * (2 * largest + gap)) / (2 * Math.PI));
  return [at, ...others.map((_, i): Point => {
    const angle = (2 * Math.PI * i) / others.length;
    return [at[0] + far * Math.sin(angle), at[1] - far * Math.cos(angle)];
  })];
}

/** From which angle to which each part goes, from the top, clockwise; none is too narrow to be seen. */
export function slices(parts: Map<string, number>, least = 0.35): [name: string, start: number, end: number][] {
  const total = [...parts.values()].reduce((all, part) => all + part, 0);
  const widths = [...parts].map(([name, part]): [string, number] => [name, Math.max(least, (2 * Math.PI * part) / total)]);
  const spare = widths.reduce((all, [, width]) => all + width - least, 0);
  const over = widths.reduce((all, [, width]) => all + width, 0) - 2 * Math.PI;
  let start = -Math.PI / 2;
  return widths.map(([name, width]) => {
    const from = start;
    start += width - (spare ? (over * (width - least)) / spare : 0);
    return [name, from, start];
  });
}

/** Corners of a regular shape around a place; turned by a part of the angle between two of them. */
export function corners(many: number, turn: number, radius: number, [x, y]: Point): Point[] {
  return Array.from({ length: many }, (_, i) => {
    const angle = (2 * Math.PI * (i + turn)) / many;
    return [x + radius * Math.sin(angle), y - radius * Math.cos(angle)];
  });
}

/** The same as a symbol of ECharts. */
export const symbol = (many: number, turn: number) => `path://M${corners(many, turn, 10, [10, 10]).map((point) => point.map((n) => n.toFixed(2)).join(",")).join("L")}Z`;
