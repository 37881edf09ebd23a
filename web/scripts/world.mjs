// Writes src/flowsleuth/viz/data/world.json from the npm package world-atlas (Natural Earth 1:110m, public domain).
// One entry per country, larger ones first; a ring is a flat list lon, lat, lon, lat, … in degrees, outer rings only
// (the one enclave of this scale, Lesotho, is an entry of its own and comes after the country around it).
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { feature } from "topojson-client";

const require = createRequire(import.meta.url);
const atlas = JSON.parse(readFileSync(require.resolve("world-atlas/countries-110m.json"), "utf8"));
const out = new URL("../../src/flowsleuth/viz/data/world.json", import.meta.url);

const round = (value) => Math.round(value * 100) / 100;
const area = (ring) => {
  let twice = 0;
  for (let i = 0; i < ring.length; i += 2) {
    const j = (i + 2) % ring.length;
    twice += ring[i] * ring[j + 1] - ring[j] * ring[i + 1];
  }
  return Math.abs(twice) / 2;
};

// The atlas joins what lies on both sides of the antimeridian; a flat map needs it cut there again.
const EDGE = 180;
const POLE = -90;

function cut(ring) {
  const line = ring.slice(0, -1).map(([lon, lat]) => [lon, lat]);
  for (let i = 1; i < line.length; i += 1) {
    while (line[i][0] - line[i - 1][0] > EDGE) line[i][0] -= 2 * EDGE;
    while (line[i][0] - line[i - 1][0] < -EDGE) line[i][0] += 2 * EDGE;
  }
  const [first, last] = [line[0], line[line.length - 1]];
  const turn = Math.round((last[0] - first[0]) / (2 * EDGE));
  if (turn !== 0) line.push([first[0] + turn * 2 * EDGE, first[1]], [first[0] + turn * 2 * EDGE, POLE], [first[0], POLE]); // around the pole
  return [-1, 0, 1].map((times) => clip(clip(line.map(([lon, lat]) => [lon + times * 2 * EDGE, lat]), -EDGE, 1), EDGE, -1)).filter((part) => part.length > 2);
}

/** Sutherland and Hodgman: what lies right (side 1) or left (side -1) of a meridian. */
function clip(line, edge, side) {
  const isIn = ([lon]) => (lon - edge) * side >= 0;
  return line.flatMap((point, i) => {
    const before = line[(i + line.length - 1) % line.length];
    if (isIn(point) === isIn(before)) return isIn(point) ? [point] : [];
    const share = (edge - before[0]) / (point[0] - before[0]);
    const crossing = [edge, before[1] + share * (point[1] - before[1])];
    return isIn(point) ? [crossing, point] : [crossing];
  });
}

const countries = feature(atlas, atlas.objects.countries).features.map(({ properties, geometry }) => {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const rings = polygons.flatMap((polygon) => cut(polygon[0])).map((ring) => ring.flatMap(([lon, lat]) => [round(lon), round(lat)]));
  return { name: properties.name, rings };
});
countries.sort((a, b) => Math.max(...b.rings.map(area)) - Math.max(...a.rings.map(area)));

mkdirSync(new URL(".", out), { recursive: true });
const world = {
  attribution: "Made with Natural Earth (public domain), 1:110m countries, by way of world-atlas (ISC, Michael Bostock)",
  countries,
};
writeFileSync(out, JSON.stringify(world) + "\n");
console.log(`${countries.length} countries, ${JSON.stringify(world).length} bytes`);
