/** What a `check` answers has to fit through the engine's own conversion, which has no value for `undefined`. */
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { accepted, outputs, refused } from "../../../core/resources/lifecycle";

const toEngine = (properties: Readonly<Record<string, unknown>>) =>
  Struct.fromJavaScript(properties as Parameters<typeof Struct.fromJavaScript>[0]).toJavaScript();

test("the engine has no value for undefined", () => {
  expect(() => toEngine({ planPage: undefined })).toThrow("Unexpected struct type");
});

test("what a preview has nothing to show of is left out, at any depth", () => {
  const { inputs, failures } = accepted(
    { active: "target", planPage: "old" },
    { plan: { closes: "the way back", steps: ["01"], undo: undefined }, planPage: undefined },
  );
  expect(toEngine(inputs)).toEqual({
    active: "target",
    plan: { closes: "the way back", steps: ["01"] },
  });
  expect(failures).toEqual([]);
});

test("outputs leave it out too, and carry the schema's number", () => {
  expect(toEngine(outputs({ report: undefined, timeline: [] }))).toEqual({ schemaVersion: 1, timeline: [] });
});

test("a refusal says every complaint and keeps the arguments", () => {
  const complaint = { where: "zk-new1", found: "no Java", expected: "Java 8", next: "Install it." };
  const { inputs, failures } = refused({ active: "target" }, [complaint, complaint]);
  expect(inputs).toEqual({ active: "target" });
  expect(failures.map(({ reason }) => reason)).toEqual([
    expect.stringContaining("zk-new1: found no Java"),
    expect.stringContaining("zk-new1: found no Java"),
  ]);
});
