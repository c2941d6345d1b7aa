/**
 * Edits config.ini and puts it back: the original to the byte, provided that nothing but our two values was changed
 * since; what somebody edited by hand meanwhile is kept, and only the values go back.
 */
import { isDeepStrictEqual } from "node:util";
import { unifiedDiff } from "../editors/edit";
import { EditError } from "../editors/errors";
import { lineSecrets } from "../editors/secrets";
import { isTakenOut, Refusal } from "../engine/errors";
import type { Handler, JsonObject } from "../engine/step";
import { keepOriginal, readEdited, readOriginal, replaceContent } from "../journal/originals";
import type { HostAccess, World } from "../transports/contract";
import { hostsListFor, readSettings, writeSettings, type ZooKeeperSettings } from "./config";
import { sameZooKeeperHosts } from "./read/judge";
import { readUsersConfig } from "./users-config";

export const editHandlers: Readonly<Record<string, Handler<World>>> = {
  "pg.edit": {
    async look({ step: { host: name, args }, world }) {
      const host = world.host(name);
      const current = await readConfig(host, String(args["path"]));
      const wanted = await wantedBytes(host, world.migration, args, current);
      const done = wanted.equals(current);
      return { done, found: done ? "as wanted" : `hosts_list ${readSettings(current).hostsList}` };
    },
    async apply({ step: { host: name, args }, world }) {
      const host = world.host(name);
      const path = String(args["path"]);
      const current = await readConfig(host, path);
      const wanted = await wantedBytes(host, world.migration, args, current);
      if (await isOriginal(host, world.migration, args, { current, wanted }))
        await keepOriginal(host, world.migration, path);
      await replaceContent(host, path, wanted);
      const [before, after] = [current, wanted].map((bytes) => bytes.toString("utf8"));
      return { diff: unifiedDiff(path, before ?? "", after ?? "", lineSecrets) };
    },
    async undo({ step: { host: name, args }, world }) {
      const host = world.host(name);
      const path = String(args["path"]);
      // The original is kept before the first edit: where there is none, nothing was edited.
      if (!(await readOriginal(host, world.migration, path))) return;
      const current = await readConfig(host, path);
      const back = await wantedBytes(
        host,
        world.migration,
        { ...args, restore: true, recover: undefined },
        current,
      );
      await replaceContent(host, path, back);
    },
    mayStay: async ({ step }, failure) => isTakenOut(failure, step.host),
  },
};

/** An original is only ever taken from a file that does not name the target yet. */
async function isOriginal(
  host: HostAccess,
  migration: string,
  args: JsonObject,
  { current, wanted }: { readonly current: Buffer; readonly wanted: Buffer },
): Promise<boolean> {
  // One that was never edited is about to get the recovery's switch.
  if (args["restore"] === true)
    return (await readUsersConfig(host, migration, args))?.equals(current) === true;
  if (sameZooKeeperHosts(readSettings(current).hostsList, readSettings(wanted).hostsList)) return false;
  return !(await isHalfRestored(host, migration, args, current));
}

/** A way back that was interrupted during a recovery leaves the original with the recovery's switch still on. */
async function isHalfRestored(
  host: HostAccess,
  migration: string,
  args: JsonObject,
  current: Buffer,
): Promise<boolean> {
  const original = await readOriginal(host, migration, String(args["path"]));
  if (!original) return false;
  const { hostsList } = readSettings(original);
  return edit(host, args, original, { hostsList, recover: readSettings(current).recover }).equals(current);
}

async function wantedBytes(
  host: HostAccess,
  migration: string,
  args: JsonObject,
  current: Buffer,
): Promise<Buffer> {
  const recover = args["recover"] === undefined ? undefined : String(args["recover"]);
  const hostsList = hostsListFor(String(args["servers"]), readSettings(current).hostsList);
  if (args["restore"] !== true) return edit(host, args, current, { hostsList, recover });
  const users = await readUsersConfig(host, migration, args);
  if (!users) return edit(host, args, current, { hostsList, recover });
  const there = readSettings(users);
  if (recover === "true") return edit(host, args, current, { hostsList: there.hostsList, recover });
  const isOurs = isDeepStrictEqual(edit(host, args, users, readSettings(current)), current);
  return isOurs
    ? users
    : edit(host, args, current, { hostsList: there.hostsList, recover: there.recover ?? recover });
}

function edit(host: HostAccess, args: JsonObject, config: Buffer, settings: ZooKeeperSettings): Buffer {
  try {
    return writeSettings(config, settings);
  } catch (error) {
    if (!(error instanceof EditError)) throw error;
    throw new Refusal([{ where: `${host.name}:${String(args["path"])}`, ...error.complaint }]);
  }
}

const readConfig = (host: HostAccess, path: string) => readEdited(host, path, "the meta server's config.ini");
