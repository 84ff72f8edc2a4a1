import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { embed } from "./embed.ts";

/** The most characters of a text. */
const mostCharacters = 20_000;
const mostBytes = 16 * 2 ** 20;

const input = z.strictObject({
  text: z.string({ error: "must be a string" })
    .max(mostCharacters, { error: `must have at most ${mostCharacters} characters` }),
}, { error: (issue) => issue.code === "unrecognized_keys" ? undefined : "must be an object" });

/** A request in a batch, as ProxyMQ sends it. What else it holds is of no interest here. */
const item = z.object({
  id: z.string(),
  method: z.string(),
  path: z.string(),
  body: z.unknown().optional(),
});
const batch = z.array(item).min(1).max(1_024);

/** An answer: of a request of its own, or of one in a batch. */
interface Answer {
  readonly status: 200 | 400 | 404;
  readonly headers?: { readonly "content-type": string };
  readonly body: unknown;
}

/** The service: `POST /embed`, the same for many at `POST /batch`, and `GET /health`. */
export function createApp(): Hono {
  const app = new Hono();
  app.use(bodyLimit({
    maxSize: mostBytes,
    onError: () =>
      Response.json(problem(413, `at most ${mostBytes} bytes are read`), {
        status: 413,
        headers: problemHeaders,
      }),
  }));
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.post("/embed", async (c) => {
    const [{ status, headers, body }] = answers([
      { path: "/embed", body: await json(c.req) },
    ]) as [Answer];
    return Response.json(body, { status, ...(headers ? { headers } : {}) });
  });
  app.post("/batch", async (c) => {
    const { success, data, error } = batch.safeParse(await json(c.req));
    if (!success) {
      const detail = `allowed is an array of 1 to 1024 {id, method, path, body}: ${faults(error)}`;
      return Response.json(problem(400, detail), { status: 400, headers: problemHeaders });
    }
    const all = answers(data);
    return c.json(data.map(({ id }, i) => ({ id, ...all[i] })));
  });
  app.notFound(() =>
    Response.json(problem(404, "there are POST /embed, POST /batch and GET /health"), {
      status: 404,
      headers: problemHeaders,
    })
  );
  return app;
}

/** Embeds what can be, all of it at once; who sent something else is told so, and nobody else. */
function answers(
  requests: readonly { readonly path: string; readonly body?: unknown }[],
): Answer[] {
  const parsed = requests.map(({ body }) =>
    input.safeParse(typeof body === "string" ? parseJson(body) : body)
  );
  const embeddings = embed(parsed.flatMap(({ data }) => data?.text ?? [])).values();
  return requests.map(({ path }, i): Answer => {
    const { success, error } = parsed[i] ?? input.safeParse(undefined);
    if (!success) return refusal(400, `allowed is {"text": string}: ${faults(error)}`);
    const embedding = embeddings.next().value ?? new Float32Array(0);
    if (path.replace(/\?.*/, "") !== "/embed") {
      return refusal(404, `${path} is not there; /embed is`);
    }
    return { status: 200, body: { embedding: Array.from(embedding, rounded) } };
  });
}

function rounded(value: number): number {
  return Math.round(value * 1e5) / 1e5;
}

const problemHeaders = { "content-type": "application/problem+json" };

function problem(status: number, detail: string): Record<string, unknown> {
  return { title: "The request is not understood", status, detail };
}

function refusal(status: 400 | 404, detail: string): Answer {
  return { status, headers: problemHeaders, body: problem(status, detail) };
}

function faults(error: z.ZodError): string {
  return error.issues.slice(0, 3)
    .map(({ path, message }) => `${path.join(".") || "(body)"} ${message}`).join("; ");
}

async function json(request: { text(): Promise<string> }): Promise<unknown> {
  return parseJson(await request.text());
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
