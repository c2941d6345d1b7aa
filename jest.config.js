/**
 * One project per kind of test, so that `npm run test:unit` never opens a socket. Journeys that `npm test` leaves to
 * `npm run test:long` and to `.ci/run` are named `*.long.test.ts`.
 *
 * Time limits are for a machine that is slow, not for a test that hangs: a condition that does not come about is
 * given up by the code that waits for it, with a message.
 */
const MINUTE = 60_000;

const common = {
  testEnvironment: "node",
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { target: "es2022" } }],
    "^.+\\.tsx$": [
      "@swc/jest",
      {
        jsc: {
          target: "es2022",
          parser: { syntax: "typescript", tsx: true },
          transform: { react: { runtime: "automatic", importSource: "preact" } },
        },
      },
    ],
  },
};

module.exports = {
  projects: [
    { name: "unit", limit: MINUTE / 6 },
    { name: "contract", limit: MINUTE },
    { name: "journeys", limit: 30 * MINUTE, ignored: ["\\.long\\.test\\.ts$"] },
    { name: "long", limit: 30 * MINUTE, matched: "test/journeys/*.long.test.ts" },
  ].map(({ name, limit, matched = `test/${name}/**/*.test.ts`, ignored = [] }) => ({
    ...common,
    displayName: name,
    globals: { TIME_LIMIT_MS: limit },
    setupFilesAfterEnv: ["<rootDir>/test/time-limit.ts"],
    testMatch: [`<rootDir>/${matched}`],
    testPathIgnorePatterns: ["/node_modules/", ...ignored],
  })),
};
