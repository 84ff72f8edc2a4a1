import { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import type { z } from "zod";
import { Problem } from "../shared/http/problem.ts";
import { readWhole } from "./intake/body.ts";
import { toProblem } from "./problems.ts";

/**
 * An app for routes with JSON bodies: what its schemas refuse, what is no JSON and what is too
 * large is a problem document that says what is allowed.
 * @param maxBytes the largest body, bytes.
 */
export function jsonApp(maxBytes: number): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw refused(result.error);
    },
  });
  app.use(async (c, next) => {
    const { url, raw: { method, headers, signal } } = c.req;
    const body = new Uint8Array(await readWhole(c.req.raw, maxBytes));
    // It can be read once.
    if (method !== "GET" && method !== "HEAD") {
      c.req.raw = new Request(url, { method, headers, body, signal });
    }
    await next();
  });
  app.onError((error) =>
    (error instanceof HTTPException ? unreadable(error) : toProblem(error)).toResponse()
  );
  return app;
}

function refused({ issues }: z.core.$ZodError): Problem {
  const detail = issues.flatMap(innermost).map(({ path, message }) =>
    path.length > 0 ? `${path.join(".")}: ${message}` : message
  );
  return new Problem("bad-request", { detail: detail.join("; ") });
}

/** Of a value that may have several forms, what is wrong with the form that it comes closest to. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union" || issue.message !== "Invalid input") return [issue];
  const depth = (form: readonly z.core.$ZodIssue[]) =>
    Math.max(...form.map((one) => one.path.length));
  const [closest = []] = issue.errors.toSorted((one, other) => depth(other) - depth(one));
  return closest.flatMap(innermost).map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
}

/** What the library says of a body that it cannot read. */
function unreadable({ message }: HTTPException): Problem {
  return new Problem("bad-request", {
    detail: `${message}; allowed is JSON with Content-Type: application/json`,
  });
}
