/**
 * Empties the folders from which a server will start, by moving what lies there aside; nothing is copied or lost. Putting it
 * back removes what a move has brought there meanwhile: not before the ensemble that it was taken from serves again.
 */
import { Refusal, UserError } from "../../engine/errors";
import type { Handler, JsonObject, StepContext } from "../../engine/step";
import type { HostAccess, World } from "../../transports/contract";
import { exists } from "../exists";
import { servesWithQuorum } from "../service-steps";

export const setAside: Handler<World> = {
  async look({ step: { host, args }, world, run }) {
    const { stdout } = await world.host(host).script(FOLDERS_EMPTY, foldersOf(args));
    const isAside = await exists(world.host(host), asideOf(args, run));
    const done = stdout.trim() === "empty" && (isAside || args["operation"] === "forward");
    return { done, found: stdout.trim() };
  },
  async apply({ step: { host, args }, world, run }) {
    await refuseRunning(world.host(host), args);
    await world.host(host).script(SET_ASIDE, [...foldersOf(args), run]);
  },
  async undo(context) {
    const { step, world, run } = context;
    await refuseRunning(world.host(step.host), step.args);
    await keepOnlyCopy(context);
    await world.host(step.host).script(PUT_BACK, [...foldersOf(step.args), run]);
  },
};

/** Since its tail has come, what was brought there is complete; where the other side cannot serve it may be all there is. */
async function keepOnlyCopy(context: StepContext<World>): Promise<void> {
  const { args, host } = context.step;
  // Journals of 0.1.0 do not have it.
  const left = args["left"] as JsonObject | undefined;
  if (!left || !(await isComplete(context)) || (await servesWithQuorum(context.world, left))) return;
  throw new UserError(
    `${host}:${String(args["dataDir"])}/version-2 keeps what was brought there: the ensemble that it was taken from does not ` +
      "serve, and this may be the only copy. Start that ensemble, and run the same command again.",
  );
}

async function refuseRunning(host: HostAccess, args: JsonObject): Promise<void> {
  const { stdout } = await host.script('ss -Hltn "sport = :$1"', [String(args["clientPort"])]);
  if (stdout.trim() === "") return;
  throw new Refusal([
    {
      where: host.name,
      found: `a server that listens on ${args["clientPort"]}`,
      expected: "a stopped server: its folders are about to be changed",
      next: "Find out who started it, stop it, and run the same command again.",
    },
  ]);
}

function foldersOf(args: JsonObject): string[] {
  return [String(args["dataDir"]), String(args["dataLogDir"])];
}

/** A run that has started over may have emptied the folders since. */
async function isComplete({
  step: { host, args },
  world,
  has,
  result,
}: StepContext<World>): Promise<boolean> {
  if (!has("hand over") || !has("tail")) return false;
  const { log } = result("tail");
  const files = [
    `${args["dataDir"]}/version-2/${result("hand over")["name"]}`,
    ...(log === undefined ? [] : [`${args["dataLogDir"]}/version-2/${log}`]),
  ];
  const there = await Promise.all(files.map((path) => exists(world.host(host), path)));
  return !there.includes(false);
}

function asideOf(args: JsonObject, run: string): string {
  return `${args["dataDir"]}/version-2.aside-${run}`;
}

const FOLDERS_EMPTY = `
for dir in "$1" "$2"; do
  [ -z "$(ls -A "$dir/version-2" 2>/dev/null)" ] || { echo "files in $dir/version-2"; exit 0; }
done
echo empty`;

/** Moves version-2 within its own file system, so that it is instant and nothing is copied. $1 $2 folders $3 run. */
const SET_ASIDE = `
set -e
for dir in "$1" "$2"; do
  if [ -d "$dir/version-2" ] && ! [ -e "$dir/version-2.aside-$3" ]; then
    mv "$dir/version-2" "$dir/version-2.aside-$3"
  fi
  rm -rf "$dir/version-2"
  mkdir -p "$dir/version-2"
  chown --reference="$dir" "$dir/version-2"
  chmod 0750 "$dir/version-2"
  sync "$dir"
done`;

const PUT_BACK = `
set -e
for dir in "$1" "$2"; do
  if [ -d "$dir/version-2.aside-$3" ]; then
    rm -rf "$dir/version-2"
    mv "$dir/version-2.aside-$3" "$dir/version-2"
    sync "$dir"
  fi
done`;
