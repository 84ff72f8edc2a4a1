import { z } from "@hono/zod-openapi";
import { durationForm, parseDuration } from "../../shared/config/duration.ts";
import { letterSchema, summarySchema } from "../../shared/dead_letters/document.ts";
import type { Filter } from "../../shared/dead_letters/filter.ts";
import { parseRate, rateForm } from "../../shared/dead_letters/rate.ts";
import type { Selection } from "../../shared/dead_letters/select.ts";
import { ownServiceName, serviceName } from "../../shared/service_name.ts";
import { exampleId } from "../examples.ts";

const duration = z.string().refine((text) => parseDuration(text) !== undefined, durationForm);
const id = z.string().min(1).max(500);
const flag = z.enum(["true", "false"]);
const manyAtOnce = 10_000;

const filterShape = {
  reason: z.string().min(1).max(500).optional().openapi({
    description: "Why it is dead, or how that begins, with a `*` behind: `status-5*`.",
  }),
  status: z.coerce.number().int().min(100).max(599).optional().openapi({
    description: "The status of the last response.",
  }),
  older_than: duration.optional().openapi({ description: "Dead for longer: `1h`." }),
  newer_than: duration.optional().openapi({ description: "Dead for less: `5m`." }),
  path: z.string().startsWith("/").optional().openapi({
    description: "How the request's path begins.",
  }),
};

const filter = z.strictObject(filterShape);
const limit = z.coerce.number().int().min(1).optional().openapi({
  description: "At most so many.",
});
const ids = z.union([id.transform((one) => [one]), z.array(id).max(manyAtOnce)]).optional()
  .openapi({ type: "array", items: { type: "string" }, description: "These alone." });

/** The service in a path. */
export const serviceParams = z.object({ service: serviceName });

/** The service and the dead letter in a path. */
export const letterParams = serviceParams.extend({
  id: id.openapi({ description: "The request's id.", example: exampleId }),
});

/** The query of a list. */
export const listQuery = z.strictObject({
  ...filterShape,
  id: ids,
  limit: z.coerce.number().int().min(1).max(1_000).default(100).openapi({
    description: "At most so many, the oldest first.",
  }),
});

/** The query of a discard. */
export const discardQuery = z.strictObject({
  ...filterShape,
  id: ids,
  all: flag.optional().openapi({
    description: "`true`: all of them, instead of a filter.",
    example: "true",
  }),
  limit,
  dry_run: flag.optional().openapi({ description: "`true`: only says which.", example: "true" }),
}).refine(
  ({ all, limit: _, dry_run: __, ...rest }) => (all === "true") !== given(rest),
  "say which: a filter, or all=true, and not both",
);

/** The body of a replay. */
export const replayBody = z.strictObject({
  ids: z.array(id).min(1).max(manyAtOnce).optional().openapi({ description: "These alone." }),
  filter: filter.refine(given, "an empty filter: say all: true instead").optional(),
  all: z.literal(true).optional().openapi({ description: "All of them." }),
  limit,
  dry_run: z.boolean().default(false).openapi({ description: "Only says which." }),
  rate: z.string().refine((text) => parseRate(text) !== undefined, rateForm).optional().openapi({
    description: "No faster than that.",
    example: "50/s",
  }),
  to: ownServiceName.optional().openapi({ description: "The service that gets them instead." }),
}).refine(
  ({ ids, filter, all }) => (ids || filter) ? !all : all,
  "say which: ids, a filter or both, or all: true",
).openapi("Replay");

/** A list. */
export const listResponse = z.object({
  total: z.int().openapi({ description: "How many dead letters the service has." }),
  looked_at: z.int().openapi({ description: "How many of them were looked at." }),
  items: z.array(summarySchema),
}).openapi("DeadLetters");

/** One dead letter. */
export const letterResponse = letterSchema;

const result = {
  dry_run: z.boolean(),
  total: z.int().openapi({ description: "How many dead letters there were." }),
  looked_at: z.int().openapi({ description: "How many of them were looked at." }),
  matched: z.int().openapi({ description: "How many were meant." }),
  ids: z.array(z.string()).optional().openapi({ description: "Of a dry run: which." }),
  failed: z.array(z.object({ id: z.string(), error: z.string() })).openapi({
    description: "Those that stay, and why.",
  }),
};

/** What came of a replay. */
export const replayResponse = z.object({ ...result, replayed: z.int() }).openapi("Replayed");

/** What came of a discard. */
export const discardResponse = z.object({ ...result, discarded: z.int() }).openapi("Discarded");

type FilterInput = z.infer<typeof filter>;

/** The selection that the members of a query or a body make. */
export function selectionOf(
  { ids, limit, ...input }: FilterInput & {
    readonly ids?: readonly string[] | undefined;
    readonly limit?: number | undefined;
  },
): Selection {
  const filter: { -readonly [name in keyof Filter]: Filter[name] } = {};
  if (ids !== undefined) filter.ids = ids;
  if (input.reason !== undefined) filter.reason = input.reason;
  if (input.status !== undefined) filter.status = input.status;
  if (input.path !== undefined) filter.path = input.path;
  const olderThanMs = parseDuration(input.older_than ?? "");
  const newerThanMs = parseDuration(input.newer_than ?? "");
  if (olderThanMs !== undefined) filter.olderThanMs = olderThanMs;
  if (newerThanMs !== undefined) filter.newerThanMs = newerThanMs;
  return { filter, ...(limit === undefined ? {} : { limit }) };
}

function given(members: object): boolean {
  return Object.values(members).some((value) => value !== undefined);
}
