/**
 * The examples of the OpenAPI document. Every request among them is sent by a test, and every
 * response held against its schema. The docs page sends them too, from "Try it out": so none does
 * any harm.
 *
 * @module
 */
import type { LetterDocument, SummaryDocument } from "../shared/dead_letters/document.ts";
import type { QueueDocument } from "./queues/queue_document.ts";
import type { RequestDocument } from "./requests/request_document.ts";

/** The service of all examples. */
export const exampleService = "url-fetcher";
/** The request of all examples. */
export const exampleId = "019ab0c2-7c00-7cc3-98c4-dc0c0c07398f";

/** A named example, as OpenAPI has it. */
export interface NamedExample {
  readonly summary: string;
  readonly value: unknown;
}

/**
 * The examples of a parameter that can be left out. The first one leaves it out, for the docs page
 * sends the first unless another is chosen.
 * @param examples the values, and what each of them does.
 */
export function optional(
  examples: Readonly<Record<string, string>>,
): { param: { examples: Record<string, NamedExample> } } {
  // Not under the bare values: a name that is a number would come first.
  const named = Object.entries(examples).map(([value, summary]) => [
    `with ${value}`,
    { summary: `${value}: ${summary}`, value },
  ]);
  return {
    param: {
      examples: { none: { summary: "not sent", value: "" }, ...Object.fromEntries(named) },
    },
  };
}

const request: RequestDocument = {
  id: exampleId,
  service: exampleService,
  status: "queued",
  attempt: 0,
  created_at: "2026-11-22T12:00:00.000Z",
  updated_at: "2026-11-22T12:00:00.000Z",
  links: {
    self: `/requests/${exampleId}`,
    response: `/requests/${exampleId}/response`,
    events: `/requests/${exampleId}/events`,
  },
};

/** The state of a request. */
export const requestExamples = {
  queued: { summary: "It waits in its queue.", value: request },
  retried: {
    summary: "It has failed once, and is tried again.",
    value: {
      ...request,
      attempt: 1,
      next_attempt_at: "2026-11-22T12:00:02.500Z",
      reason: "status-503",
      updated_at: "2026-11-22T12:00:02.000Z",
    },
  },
  succeeded: {
    summary: "Its response can be fetched.",
    value: {
      ...request,
      status: "succeeded",
      attempt: 2,
      response_status: 200,
      updated_at: "2026-11-22T12:00:03.000Z",
    },
  },
} satisfies Record<string, { summary: string; value: RequestDocument }>;

/** What a request that was cancelled is. */
export const cancelledExample: RequestDocument = { ...request, status: "cancelled" };

/** The events of a request. */
export const eventsExample = `id: ${Date.parse(request.updated_at)}-0-0-queued
event: status
data: ${JSON.stringify(request)}

`;

/** What is sent through the queue by the methods that have a body. */
export const proxyBody = { url: "https://example.com/" };

/** The bodies of `POST /send`. */
export const sendExamples = {
  one: {
    summary: "One, at once",
    value: { topic: exampleService, payload: { url: "https://example.com/" } },
  },
  later: {
    summary: "One in a minute, and not any more an hour after that",
    value: {
      topic: exampleService,
      payload: { url: "https://example.com/" },
      delay: 60,
      ttl: 3_600,
    },
  },
  many: {
    summary: "Several, each with its own result",
    value: [
      { topic: exampleService, payload: { url: "https://example.com/" } },
      { topic: exampleService, payload: { url: "https://example.org/" } },
    ],
  },
  urgent: {
    summary: "One before all others, where the broker has priorities",
    value: { topic: exampleService, payload: { url: "https://example.com/" }, priority: 9 },
  },
} satisfies Record<string, NamedExample>;

const sent = { id: exampleId, status: "queued" };

/** What `POST /send` answers. */
export const sentExamples = {
  one: { summary: "One", value: sent },
  many: { summary: "Several", value: { results: [sent, sent] } },
};

/** What it answers if some are not in the queue. */
export const partlySentExample = {
  results: [
    sent,
    {
      status: "failed",
      problem: {
        type: "urn:proxymq:problem:service-not-found",
        title: "There is no such service",
        status: 404,
        detail:
          "there is no queue thumbnails_requests: no dequeuer for this service has run yet, " +
          "and ENQUEUER_SERVICES does not name it",
        request_id: "019ab0c2-7c00-7cc3-98c4-dc0c0c07399a",
      },
    },
  ],
};

/** The topic of all examples. */
export const exampleTopic = "order.paid";

/** A CloudEvent in structured mode. */
export const structuredEventExample = {
  specversion: "1.0",
  id: "A234-1234-1234",
  source: "https://example.com/orders",
  type: "com.example.order.paid",
  time: "2026-11-22T12:00:00Z",
  datacontenttype: "application/json",
  data: { order_id: "7", amount: 12.5 },
};

/** A batch of them. */
export const batchEventExample = [
  structuredEventExample,
  { ...structuredEventExample, id: "A234-1234-1235" },
];

const published = { id: exampleId, topic: exampleTopic };

/** What `POST /publish/{topic}` answers. */
export const publishedExamples = {
  bound: { summary: "A service is bound to the topic.", value: { ...published, bound: true } },
  unbound: { summary: "None is: the event is gone.", value: { ...published, bound: false } },
  delayed: { summary: "It is delivered later.", value: published },
  batch: { summary: "Of a batch", value: { results: [{ ...published, bound: true }] } },
};

/** The state of a queue. */
export const queueExample: QueueDocument = {
  service: exampleService,
  ready: 12,
  in_flight: 32,
  delayed: 3,
  dead: 1,
  oldest_age_ms: 850,
  consumers: 2,
};

const failures = [
  { at: "2026-11-22T12:00:00.000Z", failure: "status-503" },
  { at: "2026-11-22T12:00:02.000Z", failure: "timeout" },
] as const;

const letter: SummaryDocument = {
  id: exampleId,
  service: exampleService,
  reason: "timeout",
  dead_at: "2026-11-22T12:00:02.000Z",
  age_ms: 3_600_000,
  attempts: 2,
  replays: 0,
  first_failure: failures[0],
  last_failure: failures[1],
  last_status: 503,
  method: "POST",
  path: "/fetch",
  size: 30,
};

/** The dead letters of a service. */
export const lettersExample = { total: 1, looked_at: 1, items: [letter] };

/** A dead letter, whole. */
export const letterExample: LetterDocument = {
  ...letter,
  history: [...failures],
  headers: { "content-type": "application/json" },
  body: { size: 30, text: '{"url":"https://example.com/"}' },
  properties: { correlation_id: exampleId, message_id: exampleId, type: "proxymq.request" },
  message_headers: { "proxymq-version": 1, method: "POST", path: "/fetch" },
};

/** The bodies of a replay. */
export const replayExamples = {
  dry_run: {
    summary: "Which those are that failed by a status from 500 on; nothing is done",
    value: { filter: { reason: "status-5*" }, dry_run: true },
  },
  some: {
    summary: "Those, no faster than 50 a second",
    value: { filter: { reason: "status-5*" }, rate: "50/s" },
  },
  one: { summary: "One", value: { ids: [exampleId] } },
  all: { summary: "The oldest 100", value: { all: true, limit: 100 } },
} satisfies Record<string, NamedExample>;

const result = { total: 3, looked_at: 3, matched: 1, failed: [] };

/** What came of a replay. */
export const replayedExamples = {
  dry_run: {
    summary: "Of a dry run",
    value: { ...result, dry_run: true, replayed: 0, ids: [exampleId] },
  },
  done: { summary: "Of a replay", value: { ...result, dry_run: false, replayed: 1 } },
};

/** What came of a discard. */
export const discardedExamples = {
  dry_run: {
    summary: "Of a dry run",
    value: { ...result, dry_run: true, discarded: 0, ids: [exampleId] },
  },
  done: { summary: "Of a discard", value: { ...result, dry_run: false, discarded: 1 } },
};
