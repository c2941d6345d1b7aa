/** Lines of progress on the resource's own row of Pulumi's display. */
import * as grpc from "@grpc/grpc-js";
import type { ProgressSink } from "../core/run/progress";

interface EngineClient {
  log(request: unknown, callback: (error: Error | null) => void): void;
}

/** The engine's address, which is the provider process's first argument. */
export function engineAddress(): string | undefined {
  const address = process.argv[2];
  return address !== undefined && /^[\w.-]+:\d+$/.test(address) ? address : undefined;
}

/** Without an engine, lines go to standard error. */
export function engineLog(address: string | undefined): ProgressSink {
  if (address === undefined) return (line) => void process.stderr.write(`${line}\n`);
  const { EngineClient } = require("@pulumi/pulumi/proto/engine_grpc_pb") as {
    EngineClient: new (address: string, credentials: grpc.ChannelCredentials) => EngineClient;
  };
  const { LogRequest, LogSeverity } = require("@pulumi/pulumi/proto/engine_pb") as {
    LogRequest: new () => LogRequestMessage;
    LogSeverity: { INFO: number };
  };
  const client = new EngineClient(address, grpc.credentials.createInsecure());
  return (line, urn) => {
    const request = new LogRequest();
    request.setSeverity(LogSeverity.INFO);
    request.setMessage(line);
    if (urn !== undefined) request.setUrn(urn);
    // The engine may be gone; the run is not about its display.
    client.log(request, () => undefined);
  };
}

interface LogRequestMessage {
  setSeverity(severity: number): void;
  setMessage(message: string): void;
  setUrn(urn: string): void;
}
