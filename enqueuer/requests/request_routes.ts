import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { Problem } from "../../shared/http/problem.ts";
import type { RequestRecord, ResultStore } from "../../shared/results/result_store.ts";
import type { Spools } from "../../shared/spool/spools.ts";
import { type CancelDeps, cancelRequest } from "../cancel.ts";
import { cancelledExample, eventsExample, exampleId, requestExamples } from "../examples.ts";
import { jsonApp } from "../json_app.ts";
import { problemResponse } from "../problem_schema.ts";
import { asOf, requestSchema, toRequestDocument } from "./request_document.ts";
import { requestEvents } from "./request_events.ts";
import { storedResponse } from "../stored/stored_response.ts";

/** What {@link requestRoutes} needs. */
export interface RequestDeps extends CancelDeps {
  readonly results: ResultStore;
  readonly spools: Spools;
  /** Aborts when the enqueuer is about to stop: event streams then end. */
  readonly stopping: AbortSignal;
}

/** For how long dequeuers know that a request is cancelled which could wait for ever, milliseconds. */
const rememberMs = 366 * 86_400_000;

const tags = ["requests"];
const security = [{ ApiKey: [] }, {}];
const params = z.object({
  id: z.uuid("a request's id, a UUID").openapi({ example: exampleId }),
});
const problems = {
  400: problemResponse("The id is none."),
  401: problemResponse("An API key is needed."),
  404: problemResponse("There is no such request, or it is over `ENQUEUER_RESULT_TTL`."),
  503: problemResponse("What is known of the requests cannot be reached."),
};

const status = createRoute({
  method: "get",
  path: "/{id}",
  operationId: "getRequest",
  tags,
  security,
  summary: "The state of a request that was answered with 202, or has an `Idempotency-Key`",
  request: { params },
  responses: {
    200: {
      description: "Its state.",
      content: { "application/json": { schema: requestSchema, examples: requestExamples } },
    },
    ...problems,
  },
});

const response = createRoute({
  method: "get",
  path: "/{id}/response",
  operationId: "getResponse",
  tags,
  security,
  summary: "The microservice's response to a request, as it was",
  description:
    "As often as one likes, for `ENQUEUER_RESULT_TTL`. One that streams is given while it is " +
    "still being made, and breaks off if it does.",
  request: {
    params,
    headers: z.object({
      "range": z.string().optional().openapi({
        description:
          "The part that is wanted, such as `bytes=1000-1999`, once the response is whole.",
      }),
      "if-range": z.string().optional().openapi({
        description: "The response's `ETag` or `Last-Modified`; of another one all is sent.",
      }),
      "last-event-id": z.string().optional().openapi({
        description:
          "Of an event stream: the last event that the client has, and what follows is sent.",
      }),
    }),
  },
  responses: {
    200: { description: "The microservice's own response, with its own status." },
    204: { description: "Nothing follows `Last-Event-ID`." },
    206: { description: "The part that `Range` asks for." },
    416: problemResponse("There is no such part; `Content-Range` has the size."),
    409: problemResponse("There is none yet, or the request was cancelled."),
    ...problems,
  },
});

const events = createRoute({
  method: "get",
  path: "/{id}/events",
  operationId: "watchRequest",
  tags,
  security,
  summary: "Every change of a request's state, as Server-Sent Events",
  description: "Events named `status`, their data the state as JSON, to the end. A client that " +
    "connects again says `Last-Event-ID`, and gets what is new.",
  request: {
    params,
    headers: z.object({ "last-event-id": z.string().optional() }),
  },
  responses: {
    200: {
      description: "The changes, beginning with the state as it is.",
      content: { "text/event-stream": { schema: z.string(), example: eventsExample } },
    },
    204: { description: "It has ended, and `Last-Event-ID` is the end." },
    ...problems,
  },
});

const cancel = createRoute({
  method: "delete",
  path: "/{id}",
  operationId: "cancelRequest",
  tags,
  security,
  summary: "Cancels a request",
  description: "One that was not forwarded yet never will be; a call under way is aborted.",
  request: { params },
  responses: {
    200: {
      description: "It is cancelled.",
      content: { "application/json": { schema: requestSchema, example: cancelledExample } },
    },
    409: problemResponse("It has ended before."),
    ...problems,
  },
});

/** The routes below `/requests`, with what describes them in the OpenAPI document. */
export function requestRoutes(deps: RequestDeps): OpenAPIHono {
  const { results, stopping } = deps;
  const app = jsonApp(0);
  const find = async (id: string): Promise<RequestRecord> => {
    const record = await results.get(id);
    if (!record) throw unknown(id);
    return asOf(record, Date.now());
  };

  app.openapi(status, async (c) => {
    const record = await find(c.req.valid("param").id);
    return c.json(toRequestDocument(record), 200, noStore);
  });

  app.openapi(response, async (c) => {
    const { id } = c.req.valid("param");
    const record = await find(id);
    const found = await results.response(id);
    if (found) return await storedResponse(deps.spools, found, c.req.raw.headers);
    // It was there: it has expired just now, or another enqueuer's shorter time holds for the stream.
    if (record.status !== undefined) throw unknown(id);
    if (record.state === "cancelled") {
      throw new Problem("request-cancelled", {
        detail: "the request was cancelled: there is no response, and none will come",
        requestId: id,
      });
    }
    throw new Problem("no-response-yet", {
      detail: record.state === "dead"
        ? `the request is dead (${record.reason}), without a response`
        : `the request is ${record.state}; its changes are at ${
          toRequestDocument(record).links.events
        }`,
      requestId: id,
    });
  });

  app.openapi(events, async (c) => {
    const { id } = c.req.valid("param");
    await find(id);
    return requestEvents(results, id, {
      lastEventId: c.req.valid("header")["last-event-id"],
      signal: AbortSignal.any([c.req.raw.signal, stopping]),
    });
  });

  app.openapi(cancel, async (c) => {
    const { id } = c.req.valid("param");
    const { dueAt, deadline } = await find(id);
    const until = deadline ?? (dueAt ?? Date.now()) + rememberMs;
    const record = await results.cancel(id, until);
    if (!record) throw unknown(id);
    if (record.state !== "cancelled") {
      throw new Problem("request-ended", {
        detail: `the request has ended before: it is ${record.state}`,
        requestId: id,
      });
    }
    await cancelRequest(deps, record.service, { id, reason: "requested", deadline: until });
    return c.json(toRequestDocument(record), 200, noStore);
  });
  return app;
}

const noStore = { "cache-control": "no-store" };

function unknown(id: string): Problem {
  return new Problem("request-not-found", {
    detail: "there is no such request: it was never taken for later, or it has expired",
    requestId: id,
  });
}
