/** How arguments reach a dynamic resource: every value may be an output, and the resource learns its own URN. */
import * as pulumi from "@pulumi/pulumi";

/** `T` with an output allowed in place of any part of it. */
export type DeepInput<T> = pulumi.Input<
  T extends string | number | boolean | undefined | null
    ? T
    : T extends readonly (infer E)[]
      ? DeepInput<E>[]
      : { [K in keyof T]: DeepInput<T[K]> }
>;

/** Arguments of a resource: an object whose values may be outputs. */
export type Arguments<T> = { [K in keyof T]: DeepInput<T[K]> };

/**
 * The resource's properties: its arguments, its URN (under a name of its own, so that lines of progress find its row),
 * and a place for each output.
 */
export function propertiesOf<T extends object>(
  args: Arguments<T>,
  outputs: readonly string[],
  place: { name: string; type: string; parent: pulumi.Resource | undefined },
): pulumi.Inputs {
  const type = `pulumi-nodejs:dynamic/zookeeper:${place.type}`;
  return {
    ...Object.fromEntries(outputs.map((key) => [key, undefined])),
    ...args,
    selfUrn: urnOf(place.name, type, place.parent),
  };
}

/**
 * A promise, not an output: the parent's URN as an output would make the child depend on its parent component, which
 * waits for its children.
 */
function urnOf(name: string, type: string, parent: pulumi.Resource | undefined): Promise<string> {
  return new Promise((resolve) => void pulumi.createUrn(name, type, parent).apply(resolve));
}
