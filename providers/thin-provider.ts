/**
 * The provider that Pulumi serializes into its state: one line a method, which loads the installed package when it is
 * called. A fat provider would be stored as text, and destroy would one day run code that is years old; this text
 * never changes, and `delete` runs what is installed.
 *
 * The text is evaluated without a file name, so the package is looked for from the program's own folder: in its
 * node_modules, or, in this repository, by the package's own name.
 */
import type * as pulumi from "@pulumi/pulumi";

type Methods = Required<
  Pick<pulumi.dynamic.ResourceProvider, "check" | "diff" | "create" | "update" | "read" | "delete">
>;

/** @param name of the lifecycle in `providers/server` */
export function thinProvider(name: "ensemble" | "migration" | "monitoring" | "repoint"): Methods {
  return {
    check: (olds, news) =>
      require("module")
        .createRequire(`${process.cwd()}/`)("pulumi-zookeeper/dist/providers/server")
        [name].check(olds, news),
    diff: (id, olds, news) =>
      require("module")
        .createRequire(`${process.cwd()}/`)("pulumi-zookeeper/dist/providers/server")
        [name].diff(id, olds, news),
    create: (inputs) =>
      require("module")
        .createRequire(`${process.cwd()}/`)("pulumi-zookeeper/dist/providers/server")
        [name].create(inputs),
    update: (id, olds, news) =>
      require("module")
        .createRequire(`${process.cwd()}/`)("pulumi-zookeeper/dist/providers/server")
        [name].update(id, olds, news),
    read: (id, props) =>
      require("module")
        .createRequire(`${process.cwd()}/`)("pulumi-zookeeper/dist/providers/server")
        [name].read(id, props),
    delete: (id, props) =>
      require("module")
        .createRequire(`${process.cwd()}/`)("pulumi-zookeeper/dist/providers/server")
        [name].delete(id, props),
  };
}
