/** Carries out the steps of a move over the wire: set aside, copy, prove. */
import { UserError } from "../../engine/errors";
import type { Handler, JsonObject } from "../../engine/step";
import type { World } from "../../transports/contract";
import { compareTrees } from "./compare";
import { copyTree } from "./copy";
import { dumpTree } from "./dump";
import { endpointOn, type Endpoint } from "./endpoint";
import { TreeStopped } from "./errors";
import { isKept, keepDump } from "./keep-dump";
import { sayProgress } from "./progress";
import { surveyTree } from "./survey";

export const treeHandlers: Readonly<Record<string, Handler<World>>> = {
  "tree.setAside": {
    async look({ step: { args, host }, world, run, applied }) {
      if (applied) return { done: true, found: "set aside" };
      const { destination, roots } = treeOf(world, args);
      const { znodes } = await surveyTree(destination, roots);
      if (znodes === 0) return { done: true, found: "nothing is there", result: { znodes } };
      const done = await isKept(world, world.host(host), setAsideAs(run));
      return { done, found: done ? "set aside" : `${znodes} znodes` };
    },
    async apply({ step: { args, host }, world, run, say }) {
      const { destination, roots, excluded } = treeOf(world, args);
      const dump = dumpTree(destination, roots, { excluded });
      const kept = await keepDump(world, world.host(host), setAsideAs(run), dump);
      say(`what was there is kept in ${kept.path}`);
      return { ...kept };
    },
  },
  "tree.copy": {
    look: async ({ applied }) => ({
      done: applied,
      found: applied ? "copied" : "not copied by this process",
    }),
    async apply({ step: { args }, world, say }) {
      const { origin, destination, roots, excluded } = treeOf(world, args);
      try {
        const { seconds, ...counts } = await copyTree({
          source: origin,
          target: destination,
          roots,
          options: { excluded, progress: (now) => say(sayProgress(now)) },
        });
        return { ...counts, seconds };
      } catch (error) {
        if (!(error instanceof TreeStopped)) throw error;
        // Somebody who still wrote came in its way: the copy after the stop does what is left, or says why not.
        say(`the bulk copy stopped early: ${error.message}`);
        return { stopped: error.message };
      }
    },
  },
  "tree.prove": {
    look: async ({ applied }) => ({
      done: applied,
      found: applied ? "equal" : "not compared by this process",
    }),
    // Both in one step: where the sides differ, because somebody still wrote, the next run has to copy that before it compares.
    apply: ({ step: { args }, world, say }) => copyAndProve(world, args, say),
  },
};

/** Copies what is not the same yet, removes what is gone, and proves it. @throws UserError where the sides differ afterwards */
export async function copyAndProve(
  world: World,
  args: JsonObject,
  say: (line: string) => void,
): Promise<JsonObject> {
  const tree = treeOf(world, args);
  const { origin, destination, roots, excluded } = tree;
  await copyTree({
    source: origin,
    target: destination,
    roots,
    options: { excluded, removeExtras: true, progress: (now) => say(sayProgress(now)) },
  });
  return proveCopied(tree);
}

async function proveCopied({ origin, destination, roots, excluded }: Tree): Promise<JsonObject> {
  const compared = await compareTrees({ source: origin, target: destination, roots, options: { excluded } });
  if (compared.equal) return { znodes: compared.znodes, bytes: compared.bytes };
  const first = compared.differences
    .slice(0, 5)
    .map(({ kind, path, expected, found }) => `${path}: ${kind}, expected ${expected}, found ${found}`);
  throw new UserError(
    `the two sides differ after the copy (${Object.entries(compared.counts)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(
        ", ",
      )}): ${first.join("; ")}. Somebody still writes: find it with \`cons\`, stop it, and run the same command again.`,
  );
}

interface Tree {
  readonly origin: Endpoint;
  readonly destination: Endpoint;
  readonly roots: readonly string[];
  readonly excluded: (path: string) => boolean;
}

function treeOf(world: World, args: JsonObject): Tree {
  const end = (name: "origin" | "destination"): Endpoint => {
    const { servers, port } = args[name] as unknown as { servers: readonly string[]; port: number };
    return endpointOn({ name: servers.join(","), hosts: servers.map((server) => world.host(server)), port });
  };
  const left = new Set(args["excluded"] as readonly string[]);
  return {
    origin: end("origin"),
    destination: end("destination"),
    roots: args["roots"] as readonly string[],
    excluded: (path) => left.has(path),
  };
}

function setAsideAs(run: string): string {
  return `set-aside-${run}`;
}
