/** Host keys: what is accepted as one, and what the user reads when it is missing or another one. */
import {
  complainHostKey,
  complainMismatch,
  fingerprint,
  hostKeyAlgorithms,
  parseHostKey,
} from "../../../core/transports/ssh/host-key";

// Made for this test with ssh-keygen; the fingerprint is what `ssh-keygen -l` printed for it.
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKboJXavAOJw9r/zIvuOrb7HsnZ5dhucOn5N9FwyLgPf";
const FINGERPRINT = "SHA256:W95tDzzu9ebLh1goaeVokUiNk5n1XYTYx1WDRZc1qi0";

test("a key as known_hosts has it, with or without a comment", () => {
  for (const text of [KEY, `${KEY} root@zk1`, `  ${KEY}\n`]) {
    const key = parseHostKey(text);
    expect(key?.type).toBe("ssh-ed25519");
    expect(fingerprint(key?.blob ?? Buffer.alloc(0))).toBe(FINGERPRINT);
  }
});

test.each([
  ["", "nothing"],
  ["zk1 " + KEY, "the whole line of known_hosts, with the host"],
  [KEY.replace("ssh-ed25519", "ssh-rsa"), "another type than the key's own"],
  ["ssh-ed25519 not!base64", "no base64"],
  ["ssh-ed25519 AAAA", "too short"],
  [FINGERPRINT, "a fingerprint"],
])("%j is none (%s)", (text) => {
  expect(parseHostKey(text)).toBeUndefined();
  const [complaint] = complainHostKey(
    { host: "10.0.0.1", port: 2222, hostKey: text },
    "hosts.zk1.connection",
  );
  expect(complaint?.where).toBe("hosts.zk1.connection.hostKey");
  expect(complaint?.next).toContain("ssh-keyscan -t ed25519 -p 2222 10.0.0.1");
});

test("no complaint about a good key, or where none is wanted", () => {
  expect(complainHostKey({ host: "h", hostKey: KEY }, "x")).toEqual([]);
  expect(complainHostKey({ host: "h", insecureIgnoreHostKey: true }, "x")).toEqual([]);
});

test("another key than expected: both fingerprints", () => {
  const complaint = complainMismatch(
    { host: "10.0.0.1", hostKey: KEY },
    "x",
    Buffer.from("\0\0\0\x07ssh-rsa…", "utf8"),
  );
  expect(complaint.found).toMatch(/^10.0.0.1 shows ssh-rsa SHA256:/);
  expect(complaint.expected).toBe(`ssh-ed25519 ${FINGERPRINT}`);
});

test("the expected key's algorithm is asked for first, an RSA key by its modern names", () => {
  expect(hostKeyAlgorithms(KEY)[0]).toBe("ssh-ed25519");
  const blob = Buffer.concat([Buffer.from([0, 0, 0, 7]), Buffer.from("ssh-rsa"), Buffer.alloc(20)]);
  const algorithms = hostKeyAlgorithms(`ssh-rsa ${blob.toString("base64")}`);
  expect(algorithms.slice(0, 3)).toEqual(["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]);
  expect(algorithms).toHaveLength(7);
});
