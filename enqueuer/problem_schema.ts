import { z } from "@hono/zod-openapi";
import { problemMediaType, problemTypePrefix, problemTypes } from "../shared/http/problem.ts";

/** A problem document, for the OpenAPI document. */
export const problemSchema = z.object({
  type: z.enum(
    Object.keys(problemTypes).map((name) => problemTypePrefix + name) as [string, ...string[]],
  ),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  request_id: z.string().openapi({ format: "uuid" }),
}).openapi("Problem", { description: "Problem details, RFC 9457." });

/** A response that is a problem document, for the OpenAPI document. */
export function problemResponse(description: string) {
  return { description, content: { [problemMediaType]: { schema: problemSchema } } };
}
