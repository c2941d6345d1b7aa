/** Writes one stream into the folder of each server, read once and at the same time, under the folder's own owner. */
import type { HostAccess } from "../../transports/contract";
import { tee } from "./tee";

/**
 * @param folder dataDir or dataLogDir; the file goes into its version-2
 * @returns the SHA-256 of what every host read back
 * @throws Error where they read back different contents
 */
export async function writeToEach(
  hosts: readonly HostAccess[],
  folder: string,
  name: string,
  bytes: AsyncIterable<Buffer>,
): Promise<string> {
  const sums = new Set<string>();
  await tee(
    bytes,
    hosts.map((host) => async (content: AsyncIterable<Buffer>) => {
      const owner = (await host.run(["stat", "-c", "%u:%g", folder])).stdout.trim();
      const written = await host.writeStream(`${folder}/version-2/${name}`, content, { mode: "0640", owner });
      sums.add(written.sha256);
    }),
  );
  const [sum, ...others] = sums;
  if (sum === undefined || others.length > 0) {
    throw new Error(`the hosts read back different contents: ${[...sums].join(", ")}`);
  }
  return sum;
}
