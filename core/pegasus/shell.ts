/**
 * Asks a Pegasus cluster through its shell, one command at a time.
 *
 * The command comes on standard input and its text alone decides: the shell ends with 0 whatever happened. HTTP under
 * `/meta/` is never asked, since a meta that is still starting would end with a segmentation fault.
 */
import { CommandFailed, HostUnreachable, UnknownHost } from "../engine/errors";
import type { JsonObject } from "../engine/step";
import type { HostAccess, RunResult, World } from "../transports/contract";
import type { ShellAnswer } from "./read/answer";
import { readShell, type Reader } from "./read/shell";

/** Where the shell is run: on a host, or on the operator's machine where `on` is absent. */
export interface ShellPlace {
  readonly run: string;
  readonly on?: string;
  /** Hosts that it can be run on as well. A place of the user's own has none, and journals of 0.1.0 do not have them. */
  readonly others?: readonly string[];
}

/** Of a step's args. */
export function shellOf(args: JsonObject): ShellPlace {
  return args["shell"] as unknown as ShellPlace;
}

const ANSWER_WITHIN_SECONDS = 60;

/**
 * @param command one line; or `use TABLE` and a line that needs it, since a shell forgets it when it ends
 * @throws HostUnreachable when no host of the shell is left, or it is lost while it answers; everything that the shell may say
 * is an answer
 */
export async function askShell<T>(
  world: World,
  place: ShellPlace,
  command: string,
  read: Reader<T>,
  timeoutSeconds = ANSWER_WITHIN_SECONDS,
): Promise<ShellAnswer<T>> {
  const text = `printf '%s\\n' ${quote(command)} | ${place.run}`;
  return readShell(await runText(world, place, text, timeoutSeconds), read);
}

/**
 * As {@link askShell}, for a command that reads a file: `FILE` in the command becomes the path of one that holds
 * `content`, made where the shell runs and removed afterwards.
 */
export async function askShellWithFile<T>(
  world: World,
  place: ShellPlace,
  command: string,
  content: string,
  options: { readonly read: Reader<T>; readonly timeoutSeconds: number },
): Promise<ShellAnswer<T>> {
  const text = `
file=$(mktemp) || exit 1
trap 'rm -f "$file"' EXIT
chmod 0644 "$file"
printf '%s' ${quote(content)} >"$file"
printf '%s\\n' ${quote(command)} | sed "s,FILE,$file," | ${place.run}`;
  return readShell(await runText(world, place, text, options.timeoutSeconds), options.read);
}

async function runText(
  world: World,
  place: ShellPlace,
  text: string,
  timeoutSeconds: number,
): Promise<RunResult> {
  if (place.on !== undefined) {
    const host = await firstOf(world, [place.on, ...(place.others ?? [])]);
    return host.script(text, [], { accept: "any", timeoutMs: timeoutSeconds * 1000 });
  }
  try {
    return await world.command({ run: text, timeoutSeconds });
  } catch (error) {
    // A shell that aborts is told apart by what it said, as on a host.
    if (error instanceof CommandFailed) return { code: error.code, stdout: error.output, stderr: "" };
    throw error;
  }
}

/**
 * The first of them that lets us in. That alone is tried: a command that was under way when its host was lost is not run
 * again on the next, since it may have been heard.
 * @throws HostUnreachable where none is left, also where none is declared any more: what the cluster needs is never one host's
 */
async function firstOf(world: World, names: readonly string[]): Promise<HostAccess> {
  const found: string[] = [];
  for (const name of names) {
    try {
      const host = world.host(name);
      await host.script("true");
      return host;
    } catch (error) {
      if (error instanceof UnknownHost) found.push(`${name}: declared no longer`);
      else if (error instanceof HostUnreachable) found.push(`${name}: ${error.reason}`);
      else throw error;
    }
  }
  throw new HostUnreachable(
    names.join(", "),
    `found no way to run Pegasus's shell (${found.join("; ")}); expected a host that lets us in and runs it`,
    "Bring one of them back, or declare it again, and run the same command again.",
  );
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
