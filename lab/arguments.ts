/** The lab as arguments of the resources, for programs that drive them without Pulumi. A dead host is given up at once. */
import { readFileSync } from "node:fs";
import type { Inventory } from "./inventory";
import { stackConfig, type StackOptions } from "./stack-config";

/** Arguments as a user writes them. */
export interface Arguments {
  source: Ensemble;
  target: Ensemble;
  consumers: Record<string, Record<string, unknown>>;
  [option: string]: unknown;
}
export interface Ensemble {
  hosts: Record<string, { connection: Record<string, unknown>; address?: string }>;
  [argument: string]: unknown;
}

export interface ArgumentOptions extends StackOptions {
  /** Seconds. A busy machine may take its time to shake hands. @default 3 */
  readonly perDialTimeout?: number;
}

/** The stack's configuration with its login filled in and its options spread, as stacks/migration.ts does. */
export function labArguments(inventory: Inventory, options: ArgumentOptions = {}): Arguments {
  const {
    ssh,
    options: more,
    ...rest
  } = structuredClone(stackConfig(inventory, options)) as unknown as Arguments & {
    ssh: { readonly user: string; readonly privateKeyFile: string };
    options?: Record<string, unknown>;
  };
  const args: Arguments = { ...rest, ...more };
  const login = {
    user: ssh.user,
    privateKey: readFileSync(ssh.privateKeyFile, "utf8"),
    dialErrorLimit: 1,
    perDialTimeout: options.perDialTimeout ?? 3,
  };
  for (const part of [args.source, args.target, ...Object.values(args.consumers)] as Partial<Ensemble>[]) {
    const metas = (part as { metas?: Ensemble["hosts"] }).metas;
    for (const host of Object.values({ ...part.hosts, ...metas })) {
      host.connection = { ...login, ...host.connection };
    }
  }
  return args;
}
