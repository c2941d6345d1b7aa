/** Whether there is a file, or a folder, of that path. */
import type { HostAccess } from "../transports/contract";

export async function exists(host: HostAccess, path: string): Promise<boolean> {
  const { code } = await host.run(["test", "-e", path], { accept: [0, 1] });
  return code === 0;
}
