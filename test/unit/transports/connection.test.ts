/** The same object opens a host here and in @pulumi/command: a stack that has one need not write it twice. */
import type { remote } from "@pulumi/command/types/input";
import type { Unwrap } from "@pulumi/pulumi";
import type { Connection } from "../../../core/transports/contract";

type Theirs = Unwrap<remote.ConnectionArgs>;
type NamesOf<T> = Required<{ [Name in keyof T]: true }>;

/** Compiled only where every name of theirs is one of ours: the type check is the test. */
const known: NamesOf<Omit<Connection, "insecureIgnoreHostKey">> = {
  host: true,
  port: true,
  user: true,
  password: true,
  privateKey: true,
  privateKeyPassword: true,
  agentSocketPath: true,
  dialErrorLimit: true,
  perDialTimeout: true,
  hostKey: true,
  proxy: true,
} satisfies NamesOf<Theirs>;

const theirs: Theirs = { host: "10.0.0.1", port: 22, user: "root", proxy: { host: "jump" } };

test("@pulumi/command's connection is one of ours", () => {
  const ours: Connection = theirs;
  expect(Object.keys(ours).filter((name) => !(name in known))).toEqual([]);
});
