/** One project per kind of test, so that `npm run test:unit` never opens a socket. */
const common = {
  testEnvironment: "node",
  transform: { "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022" } }] },
};
module.exports = {
  projects: ["unit", "contract", "journeys"].map((kind) => ({
    ...common,
    displayName: kind,
    testMatch: [`<rootDir>/test/${kind}/**/*.test.ts`],
  })),
};
