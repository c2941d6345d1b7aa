/**
 * One project per kind of test, so that `npm run test:unit` never opens a socket.
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
    { name: "journeys", limit: 30 * MINUTE },
  ].map(({ name, limit }) => ({
    ...common,
    displayName: name,
    globals: { TIME_LIMIT_MS: limit },
    setupFilesAfterEnv: ["<rootDir>/test/time-limit.ts"],
    testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  })),
};
