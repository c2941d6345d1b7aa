/**
 * Writes java.env, which zkEnv.sh sources: a shell script, not a properties file.
 *
 * Each value is quoted so that the shell takes it as it is. What the variable held before may follow it, as the
 * usual `export JVMFLAGS="… $JVMFLAGS"` does, and is then the only thing that the shell expands.
 */
import { NotExpressible } from "../errors";

export interface JavaEnvVariable {
  readonly name: string;
  readonly value: string;
  /** Put the variable's former value behind the new one. @default false */
  readonly keepFormer?: boolean;
}

/** @throws NotExpressible for a name that is no shell variable, or a value with a NUL. */
export function renderJavaEnv(
  variables: readonly JavaEnvVariable[],
  comments: readonly string[] = [],
): string {
  const heading = comments.flatMap((comment) => comment.split(/\r\n|\r|\n/)).map((comment) => `# ${comment}`);
  return [...heading, ...variables.map(assignment)].map((line) => `${line}\n`).join("");
}

function assignment({ name, value, keepFormer }: JavaEnvVariable): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw new NotExpressible("such a variable name for java.env", "letters, digits and _, no digit first");
  if (value.includes("\0")) throw new NotExpressible(`a NUL in ${name}`, "text");
  const quoted = value.replace(/[\\"$`]/g, "\\$&");
  return `export ${name}="${quoted}${keepFormer ? ` $${name}` : ""}"`;
}
