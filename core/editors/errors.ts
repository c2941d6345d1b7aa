/**
 * What an editor refuses, one type per fact.
 *
 * Editors know neither the host nor the path they work for, so these errors carry everything of a complaint but
 * its place; whoever read the file adds that (`new Refusal([{ where: "ck1:/etc/…", ...error.complaint }])`).
 * None of them quotes a value from the file: a line that does not parse may well hold a password.
 */

/** Base of everything the editors throw on purpose. Anything else is a bug of ours. */
export abstract class EditError extends Error {
  constructor(
    readonly found: string,
    readonly expected: string,
    readonly next: string,
  ) {
    super(`found ${found}; expected ${expected}. ${next}`);
    this.name = new.target.name;
  }

  /** A complaint that lacks only its place. */
  get complaint(): { readonly found: string; readonly expected: string; readonly next: string } {
    return { found: this.found, expected: this.expected, next: this.next };
  }
}

/** Two edits claim the same characters, or an edit lies outside the text. */
export class EditsCollide extends EditError {
  constructor(offset: number, found: string) {
    super(
      `${found} at offset ${offset}`,
      "edits that do not touch each other",
      "Ask for one change at a time.",
    );
  }
}

/** The text holds a character that the file's encoding has no byte for. */
export class NotEncodable extends EditError {
  constructor(codePoint: number) {
    super(
      `the character U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`,
      "only single bytes: the file is not UTF-8, so there is no telling how it writes others",
      "Use the host's ASCII name, or convert the file to UTF-8 first.",
    );
  }
}

/** A value that the format cannot carry, so that the program would read something else. */
export class NotExpressible extends EditError {
  constructor(
    readonly what: string,
    expected: string,
  ) {
    super(what, expected, "Correct the argument.");
  }
}

/** Re-reading the edited text did not give exactly what was asked for; nothing may be written. */
export class EditNotProven extends EditError {
  constructor(reader: string, found: string) {
    super(
      `${found}, when the edited text was read back by ${reader}`,
      "the asked change and no other",
      "Edit this file by hand, or simplify the place in question; nothing was changed.",
    );
  }
}

/** The text is not well-formed XML. */
export class MalformedXml extends EditError {
  constructor(
    readonly line: number,
    found: string,
  ) {
    super(
      `line ${line}: ${found}`,
      "well-formed XML",
      "ClickHouse would not load this file either: repair it first.",
    );
  }
}

/** No element of that name. */
export class ElementNotFound extends EditError {
  constructor(element: string, ensembles: readonly string[]) {
    super(
      `no element <${element}>`,
      "exactly one",
      ensembles.length > 0
        ? `Elements with ZooKeeper nodes in this file: ${ensembles.join(", ")}.`
        : "No element of this file holds ZooKeeper nodes: name the file that <include_from> or config.d points at.",
    );
  }
}

/** More than one element of that name, and no telling which one ClickHouse means. */
export class ElementFoundTwice extends EditError {
  constructor(
    element: string,
    readonly lines: readonly number[],
  ) {
    super(
      `<${element}> on lines ${lines.join(" and ")}`,
      "exactly one",
      "Remove the one that is not used, or name its path, as in auxiliary_zookeepers/zookeeper2.",
    );
  }
}

/** The element is there and empty of nodes. */
export class NoNodes extends EditError {
  constructor(element: string, line: number) {
    super(`<${element}> on line ${line} without a <node>`, "at least one <node>", "Is this the file in use?");
  }
}

/** The element is there, but ClickHouse takes its content from somewhere else. */
export class NodesElsewhere extends EditError {
  constructor(
    element: string,
    line: number,
    readonly attribute: string,
    readonly target: string,
  ) {
    super(
      `<${element}> with ${attribute}="${target}" on line ${line}`,
      "the nodes themselves",
      attribute === "incl"
        ? `Name the file of <include_from> (default /etc/metrika.xml) and the element "${target}".`
        : "Change the nodes at the place that it names.",
    );
  }
}

/** A node without exactly one host, or with a port that is no number. */
export class MalformedNode extends EditError {
  constructor(line: number, found: string) {
    super(
      `line ${line}: ${found}`,
      "<host> once and <port> at most once, as plain text",
      "Repair this node first.",
    );
  }
}

/** Pegasus would refuse to load this file. */
export class MalformedIni extends EditError {
  constructor(
    readonly line: number,
    found: string,
  ) {
    super(
      `line ${line}: ${found}`,
      "a file that Pegasus loads",
      "Pegasus would not start with it: repair it first.",
    );
  }
}

/** No such section, and leave to make one was not given. */
export class SectionNotFound extends EditError {
  constructor(section: string) {
    super(`no section [${section}]`, "the section", "Is this the server's own config.ini?");
  }
}

/** `java.util.Properties` would refuse to load this file. */
export class MalformedProperties extends EditError {
  constructor(
    readonly line: number,
    found: string,
  ) {
    super(`line ${line}: ${found}`, "a file that java.util.Properties loads", "Repair it first.");
  }
}

/** A `server.N` value that is not of the known form. */
export class MalformedServer extends EditError {
  constructor(key: string, found: string) {
    super(
      `${key}: ${found}`,
      "server.N=host:peerPort:electionPort[:participant|:observer][;[address:]clientPort]",
      "Correct this line of zoo.cfg.",
    );
  }
}
