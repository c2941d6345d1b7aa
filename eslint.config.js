/**
 * What the compiler does not see: promises that nobody waits for, `any` that slips in through a library, and, for
 * the files that plan, a look at the clock or the environment, which would make two plannings of one world differ.
 * Formatting is prettier's, the direction of imports dependency-cruiser's.
 *
 * Every rule that is switched off here says why; none is switched off in the code.
 */
const { defineConfig, globalIgnores } = require("eslint/config");
const tseslint = require("typescript-eslint");

const off = (...rules) => Object.fromEntries(rules.map((rule) => [`@typescript-eslint/${rule}`, "off"]));

module.exports = defineConfig(
  globalIgnores(["dist/", ".lab/", "coverage/", "reports/"]),
  { linterOptions: { noInlineConfig: true } },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: __dirname } },
    rules: {
      eqeqeq: "error",
      "@typescript-eslint/ban-ts-comment": ["error", { "ts-expect-error": true, "ts-ignore": true }],
      "@typescript-eslint/consistent-type-imports": "error",
      // `for await (const _ of stream)` reads a stream for nothing but its end.
      "@typescript-eslint/no-unused-vars": ["error", { varsIgnorePattern: "^_", argsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
      // What a library or an abort signal gives as a reason is handed on as it is.
      "@typescript-eslint/only-throw-error": [
        "error",
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      "@typescript-eslint/prefer-promise-reject-errors": [
        "error",
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      // The two rules above see to it that what is caught is an Error.
      ...off("use-unknown-in-catch-callback-variable"),
      // Types from outside promise too much (a channel, a JSON answer), and no rule follows a value across an await.
      ...off("no-unnecessary-condition"),
      // An async function without await still turns what it throws into a rejection, as its callers expect.
      ...off("require-await"),
      // A handler's `apply` may have nothing to keep; progress is said by arrow functions that return nothing.
      ...off("no-invalid-void-type", "no-confusing-void-expression", "no-meaningless-void-operator"),
      // Handlers and contexts are records of functions, taken apart at will; no class of ours is.
      ...off("unbound-method"),
      ...off("no-dynamic-delete"),
    },
  },
  {
    // Arguments of steps are JSON that our own plans wrote; `String(args["path"])` is how they are read.
    files: ["core/**/*steps.ts", "core/zookeeper/snapshot/*.ts", "core/run/finalize.ts"],
    rules: off("no-base-to-string", "restrict-template-expressions"),
  },
  {
    // Hot loops over bytes, inside bounds that the loop itself keeps.
    files: ["core/zookeeper/files/{adler32,jute}.ts"],
    rules: off("no-non-null-assertion"),
  },
  {
    // Grafana 9 to 12 load the first schema; its successor's is not read by them.
    files: ["core/monitoring/dashboard/*.ts", "test/unit/monitoring/*.ts"],
    rules: off("no-deprecated"),
  },
  {
    // Loaded when called: Pulumi serializes the provider, and an installed package has no checkout.
    files: ["providers/{thin-provider,engine-log}.ts", "stacks/refuse-stale.ts"],
    rules: off("no-require-imports", "no-unsafe-call", "no-unsafe-member-access", "no-unsafe-return"),
  },
  {
    // ssh2 and the native ZooKeeper client type their answers as any.
    files: ["core/transports/ssh/login.ts", "lab/**/*.ts"],
    rules: off("no-unsafe-assignment", "no-unsafe-call", "no-unsafe-member-access", "no-unsafe-return"),
  },
  {
    files: ["core/**/*.ts"],
    rules: {
      "no-restricted-properties": [
        "error",
        {
          object: "Date",
          property: "now",
          message: "A clock may jump: performance.now() measures, new Date() says what time it is.",
        },
      ],
    },
  },
  {
    files: ["core/**/plan.ts", "core/editors/**/*.ts", "core/engine/{step,plan-text,journal,timeline}.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        ...["process", "performance", "setTimeout", "setInterval", "fetch"].map((name) => ({
          name,
          message: "This file is pure: facts are handed in.",
        })),
      ],
      "no-restricted-syntax": [
        "error",
        ...[
          "NewExpression[callee.name='Date'][arguments.length=0]",
          "CallExpression[callee.object.name='Date'][callee.property.name='now']",
          "CallExpression[callee.object.name='Math'][callee.property.name='random']",
        ].map((selector) => ({ selector, message: "This file is pure: no clock and no dice." })),
      ],
    },
  },
  {
    files: ["test/**/*.{ts,tsx}"],
    rules: {
      // A test that reaches into nothing fails, and that is all it must do.
      ...off("no-non-null-assertion", "no-unsafe-assignment", "no-unsafe-class-instance-assignment"),
      // Fakes answer what a library types as any, and compare errors by what they say.
      ...off("no-base-to-string", "restrict-template-expressions"),
    },
  },
  {
    // Plain scripts, which no compiler reads.
    files: ["**/*.{js,cjs,mjs}"],
    languageOptions: { globals: globalsOfNode() },
    rules: { "no-undef": "error", "no-unused-vars": "error", "no-unreachable": "error", eqeqeq: "error" },
  },
);

function globalsOfNode() {
  const names = ["console", "process", "require", "module", "exports", "__dirname", "Buffer", "URL"];
  const timers = ["setTimeout", "setInterval", "clearTimeout", "clearInterval", "AbortSignal", "fetch"];
  return Object.fromEntries([...names, ...timers].map((name) => [name, "readonly"]));
}
