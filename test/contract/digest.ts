/** Hex SHA-256 of everything that a stream gives. */
import { createHash } from "node:crypto";

export async function digest(stream: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
