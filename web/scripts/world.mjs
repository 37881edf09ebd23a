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

const countries = feature(atlas, atlas.objects.countries).features.map(({ properties, geometry }) => {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const rings = polygons.map((polygon) => polygon[0].slice(0, -1).flatMap(([lon, lat]) => [round(lon), round(lat)]));
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
