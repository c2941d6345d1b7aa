/** The fingerprint of everything that is compiled, so that an edited source never runs as an old build. */
const { createHash } = require("node:crypto");
const { readFileSync, readdirSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");
const compiled = ["components", "core", "providers", "stacks"];

/** @returns {string} hex SHA-256 over names and contents of the compiled sources */
exports.hashSources = function hashSources() {
  const files = compiled
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true })
        .map((name) => join(folder, String(name)))
        .filter((name) => /\.tsx?$/.test(name)),
    )
    .sort();
  const hash = createHash("sha256");
  for (const file of ["index.ts", "tsconfig.json", "tsconfig.build.json", ...files]) {
    hash.update(`${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
};
