import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { streamSSE } from "hono/streaming";
import { z } from "zod";
import { problem } from "../common/problem.ts";
import { generate } from "./generate.ts";

const mostBytes = 64 * 1024;
const mostTokens = 10_000;

const tokensForm = `an integer from 1 to ${mostTokens}`;
const input = z.strictObject({
  prompt: z.string({ error: "must be a string" }).min(1, "must not be empty"),
  tokens: z.int({ error: `must be ${tokensForm}` }).min(1, `must be ${tokensForm}`)
    .max(mostTokens, `must be ${tokensForm}`).default(100),
}, { error: (issue) => issue.code === "unrecognized_keys" ? undefined : "must be an object" });

/** What {@link createApp} needs. */
export interface TokenStreamDeps {
  /** How long a token takes, milliseconds. */
  readonly paceMs: number;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/** The service: `POST /generate`, whose tokens leave as they are made, and `GET /health`. */
export function createApp({ paceMs, wait }: TokenStreamDeps): Hono {
  const app = new Hono();
  app.use(bodyLimit({
    maxSize: mostBytes,
    onError: () => problem(413, `at most ${mostBytes} bytes are read`),
  }));
  app.get("/health", (c) => c.json({ status: "ok" }));
  app.post("/generate", async (c) => {
    const { success, data, error } = input.safeParse(await c.req.json().catch(() => undefined));
    if (!success) {
      const faults = error.issues.map(({ path, message }) => `${path.join(".")} ${message}`.trim());
      return problem(
        400,
        `allowed is {"prompt": string, "tokens"?: integer}: ${faults.join("; ")}`,
      );
    }
    return streamSSE(c, async (stream) => {
      for (const token of generate(data.prompt, data.tokens)) {
        await wait(paceMs);
        // Nobody reads on: no more tokens are made.
        if (stream.aborted) return;
        await stream.writeSSE({ data: JSON.stringify({ token }) });
      }
      await stream.writeSSE({ data: "[DONE]" });
    });
  });
  app.notFound(() => problem(404, "there are POST /generate and GET /health"));
  return app;
}
