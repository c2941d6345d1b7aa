/** Znodes that a copy stops at, because going on would lose something or write what nobody can mend. */
import { at, type Endpoint } from "./endpoint";
import { TreeStopped } from "./errors";

export function refuseMasked(endpoint: Endpoint, path: string): TreeStopped {
  return new TreeStopped({
    where: `${endpoint.name}: ${at(endpoint, path)}`,
    found: "an ACL with a digest that the server hides from us",
    expected: "to read it: the hidden one, written elsewhere, would lock its owner out",
    next: "Give the digest of its owner or of `super` for this side, and run it again.",
  });
}

export function refuseEphemeral(endpoint: Endpoint, path: string): TreeStopped {
  return new TreeStopped({
    where: `${endpoint.name}: ${at(endpoint, path)}`,
    found: "an ephemeral znode of a live client",
    expected: "a persistent one, as it is on the other side, or none",
    next: "Stop that client, and run it again.",
  });
}

export function refuseReserved(endpoint: Endpoint, path: string): TreeStopped {
  return new TreeStopped({
    where: `${endpoint.name}: ${at(endpoint, path)}`,
    found: "data of the other side that would have to go to the server's own part of the tree",
    expected: "a target for it outside /zookeeper",
    next: "Choose another chroot for the target, or exclude it.",
  });
}
