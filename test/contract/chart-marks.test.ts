/**
 * Marks on Grafana's charts, asked of a stand-in: a web server that keeps annotations as Grafana's HTTP API says
 * (`POST /api/annotations`, `GET /api/annotations?from&to&tags`) and wants a token.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { markCharts, marksOf } from "../../core/run/chart-marks";
import { forward, repointed } from "../unit/report/sample";

interface Kept {
  readonly time: number;
  readonly tags: readonly string[];
  readonly text: string;
}

const TOKEN = "glsa_stand-in";
let kept: Kept[] = [];
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    };
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return answer(401, { message: "Unauthorized" });
    const { pathname, searchParams } = new URL(request.url ?? "", "http://grafana");
    if (pathname !== "/grafana/api/annotations") return answer(404, { message: "Not found" });
    if (request.method === "GET") {
      const [from, to] = ["from", "to"].map((name) => Number(searchParams.get(name)));
      const tags = searchParams.getAll("tags");
      const found = kept.filter(
        (one) => one.time >= from! && one.time <= to! && tags.every((tag) => one.tags.includes(tag)),
      );
      return answer(200, found);
    }
    let text = "";
    request.on("data", (chunk) => (text += String(chunk)));
    request.on("end", () => {
      kept.push(JSON.parse(text) as Kept);
      answer(200, { message: "Annotation added", id: kept.length });
    });
    return undefined;
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/grafana/`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  kept = [];
});

async function said(grafana: { url: string; token: string } | undefined): Promise<string[]> {
  const lines: string[] = [];
  await markCharts({ grafana }, [forward, repointed], { say: (line) => lines.push(line) });
  return lines;
}

test("fence, repoint and release are marked at the times of the journal, and only once", async () => {
  expect(await said({ url, token: TOKEN })).toEqual([]);
  expect(await said({ url, token: TOKEN })).toEqual([]);
  expect(kept).toEqual(marksOf([forward, repointed]));
  expect(kept.map(({ tags }) => tags)).toEqual([
    ["pulumi-zookeeper", "fence"],
    ["pulumi-zookeeper", "repoint"],
    ["pulumi-zookeeper", "release"],
  ]);
  expect(kept.map(({ time }) => time)).toEqual([...kept.map(({ time }) => time)].sort());
  expect(new Date(kept[0]!.time).toISOString()).toBe("2026-11-28T01:10:26.600Z");
});

test("a token that is not let in is said, without it, with what it needs", async () => {
  expect(await said({ url, token: "wrong-token" })).toEqual([
    expect.stringMatching(
      /^not marked on .*answered with 401; the token needs annotations:read and annotations:create$/,
    ),
  ]);
  expect(kept).toEqual([]);
});

test("a Grafana that is not there is said, and one that nobody named is not asked", async () => {
  const gone = createServer().listen(0, "127.0.0.1");
  await once(gone, "listening");
  const nowhere = `http://127.0.0.1:${(gone.address() as AddressInfo).port}`;
  gone.close();
  await once(gone, "close");
  expect(await said({ url: nowhere, token: TOKEN })).toEqual([
    expect.stringMatching(/^not marked on http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/),
  ]);
  expect(await said(undefined)).toEqual([]);
});
