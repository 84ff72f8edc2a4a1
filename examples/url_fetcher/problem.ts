/** The media type of problem details. */
export const problemMediaType = "application/problem+json";

/** What was wrong with one member of the input, and what is allowed there. */
export interface InputFault {
  readonly field: string;
  readonly detail: string;
}

/** Each kind of refusal with its HTTP status and its title. */
const kinds = {
  "invalid-input": [400, "The input is invalid"],
  "not-found": [404, "There is no such resource"],
  "method-not-allowed": [405, "The method is not allowed here"],
  "input-too-large": [413, "The input is too large"],
  "url-refused": [422, "The URL is not fetched"],
  "internal": [500, "Something went wrong"],
  "upstream-failed": [502, "The URL could not be fetched"],
  "upstream-timeout": [504, "The URL took too long"],
} as const;

/** The kinds of {@link Problem}. */
export type ProblemKind = keyof typeof kinds;

/** An answer that is a refusal: thrown anywhere, sent as RFC 9457 problem details. */
export class Problem extends Error {
  override name = "Problem";
  readonly kind: ProblemKind;
  readonly errors: readonly InputFault[];

  /** @param detail what went wrong this time, and what is allowed. */
  constructor(kind: ProblemKind, detail: string, errors: readonly InputFault[] = []) {
    super(detail);
    this.kind = kind;
    this.errors = errors;
  }

  get status(): number {
    return kinds[this.kind][0];
  }

  /** The members of the document, RFC 9457 section 3. */
  toDocument(): Record<string, unknown> {
    const [status, title] = kinds[this.kind];
    return {
      type: `urn:url-fetcher:${this.kind}`,
      title,
      status,
      detail: this.message,
      ...(this.errors.length > 0 ? { errors: this.errors } : {}),
    };
  }

  /** As `application/problem+json`. */
  toResponse(headers?: Readonly<Record<string, string>>): Response {
    return Response.json(this.toDocument(), {
      status: this.status,
      headers: { ...headers, "content-type": problemMediaType },
    });
  }
}

/** An error as the problem that it is; what is none is logged, and told as a fault of ours. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem("internal", "see the log of the service");
}
