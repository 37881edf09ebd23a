// Places of the nodes of a small graph by springs and repulsion (Fruchterman, Reingold 1991): the same graph always looks
// the same, and all of it is on the stage. drawn_network.py does it for still pictures.
import type { Point } from "./clusters";

const STEPS = 300;
const GOLDEN = Math.PI * (3 - Math.sqrt(5));

export function layOut(nodes: number, edges: [from: number, to: number][], width: number, height: number): Point[] {
  if (nodes < 2) return Array.from({ length: nodes }, () => [width / 2, height / 2]);
  // a sunflower: even, and without chance
  const at = Array.from({ length: nodes }, (_, i): Point => [Math.sqrt(i / nodes) * Math.cos(i * GOLDEN), Math.sqrt(i / nodes) * Math.sin(i * GOLDEN)]);
  const ideal = Math.sqrt(4 / nodes);
  for (let step = 0; step < STEPS; step += 1) {
    const moves = at.map(([x, y]): Point => [-0.06 * x, -0.06 * y]);
    at.forEach((one, i) => {
      for (let j = 0; j < i; j += 1) push(one, at[j] as Point, moves[i] as Point, moves[j] as Point, (far) => (ideal / far) ** 2);
    });
    for (const [i, j] of edges) {
      if (i !== j) push(at[i] as Point, at[j] as Point, moves[i] as Point, moves[j] as Point, (far) => -far / ideal);
    }
    const most = 0.25 * (1 - step / STEPS);
    at.forEach((point, i) => {
      const [dx, dy] = moves[i] as Point;
      const length = Math.max(Math.hypot(dx, dy), 1e-9);
      point[0] += (dx / length) * Math.min(length, most);
      point[1] += (dy / length) * Math.min(length, most);
    });
  }
  return spread(at, width, height);
}

function push(one: Point, other: Point, move: Point, back: Point, strength: (far: number) => number): void {
  const [dx, dy] = [one[0] - other[0], one[1] - other[1]];
  const by = strength(Math.max(Math.hypot(dx, dy), 0.01));
  move[0] += dx * by;
  move[1] += dy * by;
  back[0] -= dx * by;
  back[1] -= dy * by;
}

/** Over the whole stage. */
function spread(at: Point[], width: number, height: number): Point[] {
  const [xs, ys] = [at.map((point) => point[0]), at.map((point) => point[1])];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [wide, tall] = [Math.max(Math.max(...xs) - left, 1e-9), Math.max(Math.max(...ys) - top, 1e-9)];
  return at.map(([x, y]) => [((x - left) / wide) * width, ((y - top) / tall) * height]);
}
