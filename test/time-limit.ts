/** Gives each test the limit of its project: `testTimeout` counts only outside `projects`, Jest ignores it there. */
declare const TIME_LIMIT_MS: number;

jest.setTimeout(TIME_LIMIT_MS);
