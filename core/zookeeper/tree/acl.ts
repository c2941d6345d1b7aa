/**
 * What of an ACL stands in the way of a copy: digests that the server masked, and rights that the copy itself needs.
 */
import type { Acl } from "../../transports/zkwire";
import type { Identity } from "./endpoint";

const CREATE = 4;
const DELETE = 8;
const ALL = 31;

/**
 * True when the server hid a digest from a reader without the ADMIN right (ZOOKEEPER-1392, 3.4.14 and 3.5.5 on).
 * Written to the target, `user:x` would lock everybody out: no password has it as its digest.
 */
export function isMasked(acl: readonly Acl[]): boolean {
  return acl.some(({ scheme, id }) => scheme === "digest" && id.endsWith(":x"));
}

/** Whether one of these identities, or anybody, may create and delete children. */
export function letsIn(acl: readonly Acl[], identities: readonly Identity[]): boolean {
  const granted = acl
    .filter(
      ({ scheme, id }) =>
        scheme === "world" || identities.some((own) => own.scheme === scheme && own.id === id),
    )
    .reduce((sum, { perms }) => sum | perms, 0);
  return (granted & (CREATE | DELETE)) === (CREATE | DELETE);
}

/** The ACL while children are being created, where the final one would not let us; open where we are nobody. */
export function openedFor(acl: readonly Acl[], identities: readonly Identity[]): Acl[] {
  if (identities.length === 0) return [{ perms: ALL, scheme: "world", id: "anyone" }];
  return [...acl, ...identities.map((own) => ({ perms: ALL, ...own }))];
}

/** The same entries in any order: the server gives no meaning to it. */
export function sameAcl(one: readonly Acl[], other: readonly Acl[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  if (one.length === 1) return key(one[0] as Acl) === key(other[0] as Acl);
  const keys = (acl: readonly Acl[]) => acl.map(key).sort().join("\n");
  return keys(one) === keys(other);
}

/** For reading: a digest's hash is left out, since it is as good as the password to whoever has time. */
export function sayAcl(acl: readonly Acl[]): string {
  return acl.map(({ perms, scheme, id }) => `${scheme}:${shown(scheme, id)}:${letters(perms)}`).join(", ");
}

function shown(scheme: string, id: string): string {
  return scheme === "digest" ? `${id.split(":")[0]}:…` : id;
}

function key({ perms, scheme, id }: Acl): string {
  return `${perms} ${scheme} ${id}`;
}

/** As zkCli.sh writes them: `cdrwa`. */
function letters(perms: number): string {
  const bits: [number, string][] = [
    [CREATE, "c"],
    [DELETE, "d"],
    [1, "r"],
    [2, "w"],
    [16, "a"],
  ];
  return bits.map(([bit, letter]) => (perms & bit ? letter : "")).join("");
}
