import type { HeaderTable } from "../../http/headers.ts";
import type { QueuedResponse } from "../../message/envelope.ts";
import { finalStates, type RequestRecord, type RequestState } from "../../results/result_store.ts";
import { listOf, type Reply, textOf } from "./client.ts";
import { recordFields } from "./result_scripts.ts";

const open = ["queued", "processing"] as const;
const states: readonly RequestState[] = [...open, ...finalStates];

/** A request's record, from its fields in the order of {@link recordFields}. */
export function readRecord(id: string, reply: Reply): RequestRecord | undefined {
  const values = listOf(reply);
  if (values.length === 0) return undefined;
  const fields = new Map(recordFields.map((name, at) => [name, values[at] ?? undefined]));
  const text = (name: typeof recordFields[number]) => {
    const value = fields.get(name);
    return value === undefined ? undefined : textOf(value);
  };
  const number = (name: typeof recordFields[number]) => Number(text(name) ?? 0);
  const key = text("claim_key");
  const reason = text("reason");
  return {
    id,
    service: text("service") ?? "",
    state: states.find((state) => state === text("state")) ?? "queued",
    run: number("run"),
    attempt: number("attempt"),
    ...(fields.get("next_attempt_at") ? { nextAttemptAt: number("next_attempt_at") } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(fields.get("status") ? { status: number("status") } : {}),
    ...(fields.get("due_at") ? { dueAt: number("due_at") } : {}),
    ...(fields.get("deadline") ? { deadline: number("deadline") } : {}),
    createdAt: number("created_at"),
    updatedAt: number("updated_at"),
    ...(key === undefined ? {} : { claim: { key, fingerprint: text("claim_fingerprint") ?? "" } }),
    confirmed: text("confirmed") === "1",
  };
}

/** The fields of a response, in the order in which {@link readResponse} takes them. */
export const responseFields = ["status", "response_headers", "body", "spool", "size"] as const;

/** A response, from its fields; its headers are JSON. */
export function readResponse(reply: Reply): QueuedResponse | undefined {
  const [status, headers, body, spool, size] = listOf(reply);
  if (!status || !headers || !(body instanceof Uint8Array)) return undefined;
  const table: HeaderTable = JSON.parse(textOf(headers));
  const spooled = {
    spool: textOf(spool),
    ...(size === null ? {} : { size: Number(textOf(size)) }),
  };
  return {
    status: Number(textOf(status)),
    headers: table,
    body,
    ...(spool === null ? {} : { spooled }),
  };
}
