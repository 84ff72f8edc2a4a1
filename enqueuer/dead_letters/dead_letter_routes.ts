import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { z } from "zod";
import type { Broker } from "../../shared/broker/broker.ts";
import { browse, read } from "../../shared/dead_letters/browse.ts";
import { discard } from "../../shared/dead_letters/discard.ts";
import { toDocument, toSummary } from "../../shared/dead_letters/document.ts";
import { parseRate } from "../../shared/dead_letters/rate.ts";
import { replay } from "../../shared/dead_letters/replay.ts";
import { survey } from "../../shared/dead_letters/survey.ts";
import { OutOfReachError, type Tally, UnfinishedError } from "../../shared/dead_letters/work.ts";
import { Problem } from "../../shared/http/problem.ts";
import { logger } from "../../shared/log.ts";
import { bearerAuth } from "../auth.ts";
import {
  discardQuery,
  discardResponse,
  letterParams,
  letterResponse,
  listQuery,
  listResponse,
  replayBody,
  replayResponse,
  selectionOf,
  serviceParams,
} from "./dead_letter_schemas.ts";
import {
  discardedExamples,
  letterExample,
  lettersExample,
  type NamedExample,
  replayedExamples,
  replayExamples,
} from "../examples.ts";
import { jsonApp } from "../json_app.ts";
import { problemResponse } from "../problem_schema.ts";
import { toProblem } from "../problems.ts";
import { Turns } from "./turns.ts";

const log = logger("dead-letters");

/** What {@link deadLetterRoutes} needs. */
export interface DeadLetterDeps {
  readonly broker: Broker;
  /** Keys of which callers have to send one; without any the routes are off. */
  readonly adminKeys: readonly string[];
  /** Aborts when the enqueuer is about to stop: what takes long then ends in good order. */
  readonly stopping: AbortSignal;
}

/** The largest body of a replay, bytes. */
const mostBytes = 2 ** 20;

const security = [{ AdminKey: [] }];
const tags = ["dead letters"];
const problems = {
  400: problemResponse(
    "Something in the request is not well-formed; `detail` says what is allowed.",
  ),
  401: problemResponse("An admin key is needed."),
  403: problemResponse("These routes are off: `ENQUEUER_ADMIN_KEYS` is not set."),
  404: problemResponse("There is no such service, or no such dead letter."),
  503: problemResponse("The broker is down or a queue is full; `detail` says how far it came."),
};
const workProblems = {
  ...problems,
  409: problemResponse("The rest stands behind too many that stay; `detail` says how far it came."),
};

function json<T extends z.ZodType>(schema: T, description: string, shown: Shown) {
  return { description, content: { "application/json": { schema, ...shown } } };
}

/** The example of a response, or several. */
type Shown = { readonly example: unknown } | { readonly examples: Record<string, NamedExample> };

const list = createRoute({
  method: "get",
  path: "/{service}",
  operationId: "listDeadLetters",
  tags,
  security,
  summary: "Lists a service's dead letters",
  request: { params: serviceParams, query: listQuery },
  responses: {
    200: json(listResponse, "The oldest of those that are meant.", {
      example: lettersExample,
    }),
    ...problems,
  },
});

const show = createRoute({
  method: "get",
  path: "/{service}/{id}",
  operationId: "readDeadLetter",
  tags,
  security,
  summary: "Reads one dead letter, whole",
  request: { params: letterParams },
  responses: {
    200: json(letterResponse, "The dead letter.", { example: letterExample }),
    ...problems,
  },
});

const replayRoute = createRoute({
  method: "post",
  path: "/{service}/replay",
  operationId: "replayDeadLetters",
  tags,
  security,
  summary: "Puts dead letters back into a request queue",
  description: "Answers when all are replayed; hanging up stops it, and what is done stays done.",
  request: {
    params: serviceParams,
    body: {
      required: true,
      content: { "application/json": { schema: replayBody, examples: replayExamples } },
    },
  },
  responses: {
    200: json(replayResponse, "What came of it.", { examples: replayedExamples }),
    ...workProblems,
  },
});

const discardOne = createRoute({
  method: "delete",
  path: "/{service}/{id}",
  operationId: "discardDeadLetter",
  tags,
  security,
  summary: "Discards one dead letter",
  request: { params: letterParams },
  responses: { 204: { description: "It is gone." }, ...workProblems },
});

const discardMany = createRoute({
  method: "delete",
  path: "/{service}",
  operationId: "discardDeadLetters",
  tags,
  security,
  summary: "Discards dead letters",
  request: { params: serviceParams, query: discardQuery },
  responses: {
    200: json(discardResponse, "What came of it.", { examples: discardedExamples }),
    ...workProblems,
  },
});

/** The routes below `/dead-letters`, with what describes them in the OpenAPI document. */
export function deadLetterRoutes({ broker, adminKeys, stopping }: DeadLetterDeps): OpenAPIHono {
  const app = jsonApp(mostBytes);
  app.openAPIRegistry.registerComponent("securitySchemes", "AdminKey", {
    type: "http",
    scheme: "bearer",
    description: "One of ENQUEUER_ADMIN_KEYS; the routes are off while none is set.",
  });
  app.use(adminKeys.length > 0 ? bearerAuth(adminKeys, "admin keys") : refuse);
  // Two that look at once would each miss what the other holds.
  const turns = new Turns();
  const until = (request: Request) => AbortSignal.any([request.signal, stopping]);

  app.openapi(list, async (c) => {
    const { service } = c.req.valid("param");
    const { id: ids, ...query } = c.req.valid("query");
    const options = { ...selectionOf({ ...query, ids }), signal: until(c.req.raw) };
    const { total, lookedAt, letters } = await turns.take(
      service,
      () => browse(broker, service, options),
    );
    const now = Date.now();
    const items = letters.map((letter) => toSummary(letter, now));
    return c.json({ total, looked_at: lookedAt, items }, 200);
  });

  app.openapi(show, async (c) => {
    const { service, id } = c.req.valid("param");
    const letter = await turns.take(
      service,
      () => read(broker, service, id, until(c.req.raw)),
    );
    if (!letter) throw noSuchLetter(service, id);
    return c.json(toDocument(letter, Date.now()), 200);
  });

  app.openapi(replayRoute, async (c) => {
    const { service } = c.req.valid("param");
    const { ids, filter, limit, dry_run, rate, to } = c.req.valid("json");
    const options = {
      ...selectionOf({ ...filter, ids, limit }),
      signal: until(c.req.raw),
      ...(to === undefined ? {} : { to }),
    };
    if (dry_run) {
      const found = await finished("replayed", options, survey(broker, service, options));
      return c.json({ ...toResult(found), dry_run, replayed: 0, ids: [...found.ids] }, 200);
    }
    const perSecond = parseRate(rate ?? "");
    const tally = await finished(
      "replayed",
      options,
      replay(broker, service, { ...options, ...(perSecond === undefined ? {} : { perSecond }) }),
    );
    log.info("replayed {done} dead letters of {service}", { done: tally.done, service, to });
    return c.json({ ...toResult(tally), dry_run, replayed: tally.done }, 200);
  });

  app.openapi(discardOne, async (c) => {
    const { service, id } = c.req.valid("param");
    const options = { filter: { ids: [id] }, limit: 1, signal: until(c.req.raw) };
    const { done } = await turns.take(
      service,
      () => finished("discarded", options, discard(broker, service, options)),
    );
    if (done === 0) throw noSuchLetter(service, id);
    log.info("discarded a dead letter of {service}: {id}", { service, id });
    return c.body(null, 204);
  });

  app.openapi(discardMany, async (c) => {
    const { service } = c.req.valid("param");
    const { id: ids, all: _, dry_run, ...query } = c.req.valid("query");
    const options = { ...selectionOf({ ...query, ids }), signal: until(c.req.raw) };
    if (dry_run === "true") {
      const found = await finished("discarded", options, survey(broker, service, options));
      return c.json({ ...toResult(found), dry_run: true, discarded: 0, ids: [...found.ids] }, 200);
    }
    const tally = await finished("discarded", options, discard(broker, service, options));
    log.info("discarded {done} dead letters of {service}", { done: tally.done, service });
    return c.json({ ...toResult(tally), dry_run: false, discarded: tally.done }, 200);
  });

  app.all("*", (c) => {
    throw new Problem("not-found", {
      detail: `there is no ${c.req.method} ${c.req.path}; the API is described at /docs`,
    });
  });
  return app;
}

function refuse(): never {
  throw new Problem("admin-disabled", {
    detail: "the routes for dead letters are off: set ENQUEUER_ADMIN_KEYS, and send one of them " +
      "as Authorization: Bearer KEY",
  });
}

function noSuchLetter(service: string, id: string): Problem {
  return new Problem("not-found", { detail: `${service} has no dead letter ${id}` });
}

function toResult(tally: Omit<Tally, "done" | "failed"> & Partial<Tally>) {
  const { total, lookedAt, matched, failed = [] } = tally;
  return { total, looked_at: lookedAt, matched, failed: failed.map((one) => ({ ...one })) };
}

/** What an operation came to; if it did not come to its end, its problem says how far it came. */
async function finished<T extends { readonly total: number; readonly done?: number }>(
  verb: string,
  { signal }: { readonly signal: AbortSignal },
  operation: Promise<T>,
): Promise<T> {
  const soFar = ({ done = 0, total }: { readonly done?: number; readonly total: number }) =>
    `${done} of ${total} are ${verb}, the rest is as it was`;
  try {
    const tally = await operation;
    if (!signal.aborted) return tally;
    const detail = `the enqueuer is about to stop; ${soFar(tally)}`;
    throw new Problem("broker-unavailable", { detail, retryAfter: 2 });
  } catch (error) {
    if (!(error instanceof UnfinishedError)) throw error;
    const detail = `${error.message}; ${soFar(error.tally)}`;
    if (error instanceof OutOfReachError) throw new Problem("out-of-reach", { detail });
    const { type, details } = toProblem(error.cause);
    throw new Problem(type, { ...details, detail });
  }
}
