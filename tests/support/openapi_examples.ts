/** The examples of an OpenAPI document, as requests that can be sent and documents that can be checked. */

import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";

/** An OpenAPI 3.1 document, as far as it is looked at here. */
export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Schema;
}

interface Exemplified {
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}

interface Parameter extends Exemplified {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required?: boolean;
}

type Content = Readonly<Record<string, Exemplified>>;

interface Operation {
  readonly operationId?: string;
  readonly parameters?: readonly Parameter[];
  readonly security?: readonly Readonly<Record<string, unknown>>[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

/** An operation, and where it is in the document. */
export interface Place {
  /** Its `operationId`, or method and path. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

/** A request that an operation documents. */
export interface ExampleRequest {
  /** What it shows. */
  readonly name: string;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The operations of a document. */
export function operationsOf({ paths }: OpenApiDocument): Place[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: operation.operationId ?? `${method} ${path}`,
      method: method.toUpperCase(),
      path,
      operation,
    }))
  );
}

/**
 * The requests that an operation documents: one with the first example of everything, as the docs
 * page sends it, and one more for each other example.
 * @throws {Error} something that is required has no example.
 */
export function requestsOf({ name, method, path, operation }: Place): ExampleRequest[] {
  const { parameters = [], requestBody } = operation;
  const choices = parameters.map((parameter) => {
    const values = valuesOf(parameter);
    if (parameter.required && values.length === 0) {
      throw new Error(`${name}: the parameter ${parameter.name} has no example`);
    }
    return { parameter, values };
  });
  const bodies = Object.entries(requestBody?.content ?? {}).flatMap(([type, content]) =>
    valuesOf(content).map((value) => ({ type, value }))
  );
  if (requestBody?.required && bodies.length === 0) {
    throw new Error(`${name}: the body has no example`);
  }
  const first = choices.map(({ parameter, values }) => [parameter, values[0]] as const);
  const request = (
    shows: string,
    values: readonly (readonly [Parameter, unknown])[],
    body: typeof bodies[number] | undefined,
  ): ExampleRequest => {
    const given = values.filter(([, value]) => value !== undefined && value !== "");
    const of = (place: Parameter["in"]) =>
      given.filter((one) => one[0].in === place).map(([{ name }, value]) => [name, String(value)]);
    const inPath = Object.fromEntries(of("path"));
    const query = new URLSearchParams(of("query"));
    return {
      name: shows,
      method,
      path: path.replace(/\{(\w+)\}/g, (_, name) => inPath[name]) + (query.size ? `?${query}` : ""),
      headers: {
        ...Object.fromEntries(of("header")),
        ...(body ? { "content-type": body.type } : {}),
      },
      ...(body ? { body: JSON.stringify(body.value) } : {}),
    };
  };
  return [
    request("the first of everything", first, bodies[0]),
    ...bodies.slice(1).map((body) => request(JSON.stringify(body.value), first, body)),
    ...choices.flatMap(({ parameter, values }, at) =>
      values.slice(1).map((value) =>
        request(`${parameter.name}: ${value}`, first.with(at, [parameter, value]), bodies[0])
      )
    ),
  ];
}

/** The examples of a parameter or a body. */
export function valuesOf({ schema, example, examples }: Exemplified): unknown[] {
  if (examples) return Object.values(examples).map(({ value }) => value);
  return [example ?? schema?.["example"] ?? schema?.default].filter((value) => value !== undefined);
}

/**
 * What is wrong with a value by a schema of the document; undefined if nothing is.
 * @param schema may refer to the components of the document.
 */
export function faultOf(
  { components }: OpenApiDocument,
  schema: Schema,
  value: unknown,
): string | undefined {
  const validator = new Validator({ ...schema, components }, "2020-12", false);
  const { valid, errors } = validator.validate(value);
  return valid ? undefined : errors.map(faultText).join("; ");
}

function faultText({ instanceLocation, error }: OutputUnit): string {
  return `${instanceLocation}: ${error}`;
}
