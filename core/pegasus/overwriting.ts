/** What a meta wrote on the side that a move copies over: only the way that was begun before keeps it. */
import { Refusal } from "../engine/errors";
import type { JsonObject } from "../engine/step";
import type { World } from "../transports/contract";
import { metasOn } from "./observe";

/**
 * Before a step stops or records metas.
 * @param args `over`: by what one is known that works there, absent where nothing is copied over or that was accepted; `from`: the
 * servers that are copied
 * @throws Refusal with the names of those that run there, or did since they were fenced
 */
export async function refuseOverwriting(
  world: World,
  args: JsonObject,
  metas: readonly { readonly name: string; readonly port: number }[],
): Promise<void> {
  const { over, from } = args as {
    readonly over?: JsonObject & { readonly servers: string };
    readonly from: string;
  };
  if (!over) return;
  const running = await metasOn(world, metas, over);
  if (running.length === 0) return;
  throw new Refusal([
    {
      where: running.join(", "),
      found: `a meta server that was started on ${over.servers}, which this move copies over`,
      expected: `none there: what it wrote is not on ${from}`,
      next:
        "Run pulumi up once with active as it was before: that brings along what it wrote. Then move again. Where it wrote nothing " +
        "that counts, acceptLost: true copies over it; a dump of it stays.",
    },
  ]);
}
