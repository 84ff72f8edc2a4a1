import { Problem } from "../../shared/http/problem.ts";
import type { HeaderTable } from "../../shared/http/headers.ts";
import { newRequestId } from "../../shared/message/request_id.ts";
import { binaryFaults, isBinary, structuredFaults } from "./cloud_event.ts";
import { jsonItems } from "./json_items.ts";

const structured = "application/cloudevents+json";
const batch = "application/cloudevents-batch+json";
/** The most events in a batch. */
export const mostAtOnce = 1_000;

/** An event as it is delivered. */
export interface Event {
  readonly id: string;
  readonly headers: HeaderTable;
  readonly body: Uint8Array;
}

/** What is published: one, or several whose publisher is told of each. */
export type Events = { readonly one: Event } | { readonly many: readonly Event[] };

/** A publisher's request. */
export interface Published {
  readonly topic: string;
  readonly headers: Headers;
  /** Those of its headers that are passed on. */
  readonly passed: HeaderTable;
  readonly body: Uint8Array;
  /** The id of the request, and of its event if that is one. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Reads what is published: a CloudEvent, in binary or structured mode, as it is; a batch of them,
 * one by one; anything else as the data of a CloudEvent in binary mode.
 * @throws {Problem} `bad-request`, if it says that it is a CloudEvent, and is none;
 * `unsupported-media-type`, if it is in a format other than JSON.
 */
export function readEvents(published: Published): Events {
  const { headers, passed, body, id } = published;
  const [type = ""] = (headers.get("content-type") ?? "").toLowerCase().split(";", 1);
  switch (type.trim()) {
    case structured: {
      check("the CloudEvent", structuredFaults(parse(body)));
      return { one: { id, headers: passed, body } };
    }
    case batch:
      return { many: split(published) };
  }
  if (/^application\/cloudevents(-batch)?(\+|$)/.test(type.trim())) {
    throw new Problem("unsupported-media-type", {
      detail: `the Content-Type is ${type.trim()}; allowed are ${structured}, ${batch}, and, for ` +
        "CloudEvents in binary mode and all else, any type of data",
    });
  }
  if (isBinary(headers)) {
    check("the CloudEvent", binaryFaults(headers));
    return { one: { id, headers: passed, body } };
  }
  return { one: { id, headers: { ...passed, ...attributesOf(published) }, body } };
}

/** The attributes of an event whose publisher gave it none. */
function attributesOf({ topic, id, now }: Published): HeaderTable {
  return {
    "ce-specversion": "1.0",
    "ce-id": id,
    "ce-source": `/publish/${topic}`,
    "ce-type": topic,
    "ce-time": new Date(now).toISOString(),
  };
}

function split({ passed, body }: Published): Event[] {
  const parsed = parse(body);
  if (!Array.isArray(parsed)) {
    throw new Problem("bad-request", { detail: "the batch is no JSON array of CloudEvents" });
  }
  if (parsed.length > mostAtOnce) {
    throw new Problem("bad-request", {
      detail: `the batch has ${parsed.length} events; allowed are ${mostAtOnce}`,
    });
  }
  parsed.forEach((event, at) => check(`event ${at} of the batch`, structuredFaults(event)));
  const headers = { ...passed, "content-type": structured };
  const encoder = new TextEncoder();
  return jsonItems(decode(body)).map((item) => ({
    id: newRequestId(),
    headers,
    body: encoder.encode(item),
  }));
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(decode(body));
  } catch (error) {
    throw new Problem("bad-request", {
      detail: `the body is not JSON in UTF-8: ${error instanceof Error ? error.message : error}`,
    });
  }
}

function decode(body: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(body);
}

function check(what: string, faults: readonly string[]): void {
  if (faults.length === 0) return;
  throw new Problem("bad-request", { detail: `${what} is not well-formed: ${faults.join("; ")}` });
}
