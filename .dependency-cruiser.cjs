/**
 * Imports point one way:
 *   stacks → components → providers → core/resources → core/run → core/<product> → engine, editors, transports/contract
 *
 * A product that opened its own connections, or a plan that could look at a host, could no longer be tested with a
 * host made of a map, and what a reviewer reads would no longer be what is carried out.
 */
const PRODUCTS = "^core/(zookeeper|clickhouse|pegasus|monitoring)/";
/** Clients of one protocol each: they speak through a connection that they are handed. */
const PROTOCOLS = "^core/transports/(fourlw|zkwire|http|deadline)";

/** From the top: no layer may import one that stands before it. */
const LAYERS = ["^stacks/", "^components/", "^providers/", "^core/resources/", "^core/run/"];

module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    ...LAYERS.slice(1).map((layer, index) => ({
      name: `never-upwards-from-${layer
        .replace(/[^a-z]+/g, " ")
        .trim()
        .replaceAll(" ", "-")}`,
      severity: "error",
      from: { path: layer },
      to: { path: ["^index\\.ts$", ...LAYERS.slice(0, index + 1)] },
    })),
    {
      name: "products-know-no-run",
      comment: "products, journal, engine, editors and transports stand below everything else",
      severity: "error",
      from: { path: "^core/(?!resources/|run/)" },
      to: { path: ["^index\\.ts$", ...LAYERS] },
    },
    {
      name: "engine-and-editors-stand-alone",
      severity: "error",
      from: { path: "^core/(engine|editors)/" },
      to: { path: "^(core|lab|bench|scripts|test)/", pathNot: "^core/$1/" },
    },
    {
      name: "journal-beside-the-products",
      severity: "error",
      from: { path: "^core/journal/" },
      to: { path: "^core/", pathNot: "^core/(journal/|engine/|transports/contract\\.ts$)" },
    },
    {
      name: "zookeeper-knows-no-consumer",
      comment: "consumers follow an ensemble; an ensemble must not know who they are",
      severity: "error",
      from: { path: "^core/(zookeeper|monitoring|transports|journal)/" },
      to: { path: "^core/(clickhouse|pegasus)/" },
    },
    {
      name: "only-run-makes-transports",
      comment: "whoever opens a host also has to close it, and to hold its lock: core/run/world.ts does",
      severity: "error",
      from: { path: "^(core|components|providers|stacks|index)", pathNot: "^core/(run|transports/ssh)/" },
      to: { path: "^core/transports/ssh/" },
    },
    {
      name: "products-see-the-contract",
      severity: "error",
      from: { path: PRODUCTS },
      to: { path: "^core/transports/", pathNot: ["^core/transports/contract\\.ts$", PROTOCOLS] },
    },
    {
      name: "transports-know-no-product",
      severity: "error",
      from: { path: "^core/transports/" },
      to: { path: "^core/", pathNot: "^core/(transports/|engine/errors\\.ts$)" },
    },
    {
      name: "plans-are-pure",
      comment: "same facts, same plan: no transport, no clock, nothing of the machine that plans",
      severity: "error",
      from: { path: "^core/.*/plan\\.ts$" },
      to: {
        path: [
          "^core/transports/(?!contract\\.ts$)",
          "^(node:)?(fs|net|http|https|child_process|os|timers|process|perf_hooks)",
          "/(ask|probe|query|wait)\\.ts$",
        ],
      },
    },
    {
      name: "only-the-top-knows-pulumi",
      severity: "error",
      from: { path: "^(core|lab|bench|scripts)/" },
      to: { path: "node_modules/@pulumi/" },
    },
    {
      name: "product-code-imports-what-it-ships-with",
      severity: "error",
      from: { path: "^(core|components|providers|stacks|index)" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "unknown", "undetermined"],
        // Listed twice on purpose: what the user brings is also what the tests run with.
        dependencyTypesNot: ["npm-peer"],
        pathNot: "node_modules/@types/",
      },
    },
    {
      name: "product-code-stands-without-its-checkout",
      severity: "error",
      from: { path: "^(core|components|providers|stacks|index)" },
      to: { path: "^(lab|bench|chaos|scripts|test)/" },
    },
    {
      name: "nothing-unresolved",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "types"],
    },
  },
};
