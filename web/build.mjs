// Builds src/flowsleuth/faces/views/static from src/: ES modules, minified, the same bytes on every machine.
//   node build.mjs             build once
//   node build.mjs --watch     rebuild on change
//   node build.mjs --out DIR   build elsewhere, to compare
import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { fileURLToPath } from "node:url";
import path from "node:path";
import * as esbuild from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const asked = process.argv.indexOf("--out");
const out = asked > 0 ? path.resolve(process.argv[asked + 1]) : path.join(here, "../src/flowsleuth/faces/views/static");
const LIMIT = 2 * 1024 * 1024; // no file of the package may be heavier
const BUNDLED = ["echarts", "zrender", "tslib", "preact", "world-atlas"];

// The application loads the figures when it first draws one: they stay a module of their own.
const figuresApart = {
  name: "figures apart",
  setup(build) {
    build.onResolve({ filter: /\/figures\/index$/ }, () => ({ path: "./figures.js", external: true }));
  },
};

const common = {
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: !process.argv.includes("--plain"),
  legalComments: "none",
  charset: "utf8",
  absWorkingDir: here,
  loader: { ".css": "css" },
  logLevel: "warning",
};

const bundles = [
  { ...common, entryPoints: { figures: "src/figures/index.ts" }, outdir: out, loader: { ".css": "text" } },
  { ...common, entryPoints: { table: "src/notebook/table.ts" }, outdir: out, loader: { ".css": "text" } },
  { ...common, entryPoints: { app: "src/app/main.tsx" }, outdir: out, plugins: [figuresApart], jsx: "automatic", jsxImportSource: "preact" },
  { ...common, entryPoints: { app: "src/app/style/app.css" }, outdir: out },
];

function licences() {
  const parts = ["Work of others in this folder, and its licences.\n"];
  for (const name of BUNDLED) {
    const folder = path.join(here, "node_modules", name);
    const { version, license } = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes("node_modules", folder.length))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => /^(licen[cs]e|notice|copyright)/i.test(path.relative(folder, file)))
      .sort();
    const texts = files.map((file) => readFileSync(file, "utf8").trim());
    parts.push(`${"=".repeat(100)}\n${name} ${version} (${license})\n${"=".repeat(100)}\n\n${texts.join("\n\n")}\n`);
  }
  return parts.join("\n");
}

function report() {
  for (const file of readdirSync(out).sort()) {
    const bytes = readFileSync(path.join(out, file));
    console.log(`${file.padEnd(16)} ${(bytes.length / 1024).toFixed(0).padStart(6)} kB  gzip ${(gzipSync(bytes).length / 1024).toFixed(0).padStart(5)} kB`);
    if (statSync(path.join(out, file)).size > LIMIT) throw new Error(`${file} is over 2 MB`);
  }
}

mkdirSync(out, { recursive: true });
for (const page of ["app.html", "icon.svg"]) copyFileSync(path.join(here, "src/app", page), path.join(out, page));
writeFileSync(path.join(out, "LICENSES.txt"), licences());
if (process.argv.includes("--watch")) {
  for (const bundle of bundles) await (await esbuild.context(bundle)).watch();
} else {
  for (const bundle of bundles) await esbuild.build(bundle);
  for (const file of readdirSync(out)) if (file.endsWith(".map")) rmSync(path.join(out, file));
  report();
}
