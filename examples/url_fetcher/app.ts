import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { z } from "zod";
import { fetchPage, type FetchPageDeps } from "./fetch_page.ts";
import { answerItem, readBatch } from "./batch.ts";
import { asProblem, Problem } from "./problem.ts";

const maxInputBytes = 16 * 1024;
const maxBatchBytes = 4 * 1024 * 1024;

/** What {@link createApp} needs. */
export interface UrlFetcherDeps extends FetchPageDeps {
  /** The longest that one request may take, milliseconds. */
  readonly timeoutMs: number;
  /** The most that is read of one body, bytes. */
  readonly maxBytes: number;
}

/**
 * The service: `POST /fetch`, the same for many at `POST /batch`, and `GET /health`. Does no input or output but through what it is
 * given.
 */
export function createApp(deps: UrlFetcherDeps): Hono {
  const input = inputSchema(deps);
  const app = new Hono();
  const report = async (given: unknown) => {
    const { url, timeout_ms, max_bytes } = parse(input, given);
    const timeoutMs = timeout_ms ?? deps.timeoutMs;
    const tooSlow = new Problem(
      "upstream-timeout",
      `${url} did not come within ${timeoutMs} ms (timeout_ms, at most ${deps.timeoutMs})`,
    );
    using deadline = abortAfter(timeoutMs, tooSlow);
    const limits = { maxBytes: max_bytes ?? deps.maxBytes, signal: deadline.signal };
    return await fetchPage(new URL(url), limits, deps);
  };

  app.get("/health", (c) => c.json({ status: "ok" }));

  app.post(
    "/fetch",
    bodyLimit({ maxSize: maxInputBytes, onError: () => inputTooLarge(maxInputBytes) }),
    async (c) => c.json(await report(json(await c.req.text()))),
  );

  app.post(
    "/batch",
    bodyLimit({ maxSize: maxBatchBytes, onError: () => inputTooLarge(maxBatchBytes) }),
    async (c) => {
      const items = readBatch(json(await c.req.text()));
      return c.json(
        await Promise.all(
          items.map((item) =>
            answerItem(item, (body) => report(typeof body === "string" ? json(body) : body))
          ),
        ),
      );
    },
  );

  app.on("ALL", ["/fetch", "/batch"], () => {
    const problem = new Problem("method-not-allowed", "allowed is POST");
    return problem.toResponse({ allow: "POST" });
  });

  app.notFound(() =>
    new Problem("not-found", "there are POST /fetch, POST /batch and GET /health").toResponse()
  );

  app.onError((error) => asProblem(error).toResponse());

  return app;
}

function inputSchema(deps: UrlFetcherDeps) {
  const integer = (max: number) => {
    const error = `must be an integer from 1 to ${max}`;
    return z.int({ error }).min(1, { error }).max(max, { error }).optional();
  };
  return z.strictObject({
    url: z.string({ error: "must be a string" })
      .refine(URL.canParse, { error: "must be an absolute URL, as https://example.com/" }),
    timeout_ms: integer(deps.timeoutMs),
    max_bytes: integer(deps.maxBytes),
  }, { error: (issue) => issue.code === "unrecognized_keys" ? undefined : "must be an object" });
}

function parse(schema: ReturnType<typeof inputSchema>, given: unknown) {
  const { success, data, error } = schema.safeParse(given);
  if (success) return data;
  const faults = error.issues.map(({ path, message }) => ({
    field: path.join(".") || "(body)",
    detail: message,
  }));
  throw new Problem(
    "invalid-input",
    'allowed is {"url": string, "timeout_ms"?: integer, "max_bytes"?: integer}',
    faults,
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem("invalid-input", 'the body must be JSON, as {"url": "https://example.com/"}');
  }
}

function inputTooLarge(maxBytes: number): Response {
  return new Problem("input-too-large", `at most ${maxBytes} bytes are read`).toResponse();
}

function abortAfter(ms: number, reason: Problem): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(reason), ms);
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}
