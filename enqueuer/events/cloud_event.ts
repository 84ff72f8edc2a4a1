/**
 * What of CloudEvents 1.0 (https://github.com/cloudevents/spec) has to be known to tell a good event
 * from a broken one. Events are passed on as they came.
 *
 * @module
 */

/** What is wrong with an attribute's value, as what is allowed; undefined if nothing is. */
type Check = (value: string) => string | undefined;

const text: Check = (value) => value === "" ? "a text that is not empty" : undefined;

const matches = (pattern: RegExp, allowed: string): Check => (value) =>
  pattern.test(value) ? undefined : allowed;

const uriReference = matches(
  /^(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/,
  "a URI reference such as /orders or https://example.com/orders",
);
const uri = matches(
  /^[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/,
  "an absolute URI",
);
const mediaType = matches(
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*(?:;.*)?$/,
  "a media type such as application/json",
);

const timestampPattern =
  /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

const timestamp: Check = (value) => {
  const time = timestampPattern.test(value) ? value.toUpperCase().replace(/:60/, ":59") : "";
  return Number.isNaN(Date.parse(time))
    ? "a time of RFC 3339 such as 2026-11-22T12:00:00Z"
    : undefined;
};

/** The attributes that every event has to have. */
const required: Readonly<Record<string, Check>> = {
  id: text,
  source: uriReference,
  specversion: matches(/^1\.0$/, "1.0"),
  type: text,
};

const optional: Readonly<Record<string, Check>> = {
  datacontenttype: mediaType,
  dataschema: uri,
  subject: text,
  time: timestamp,
};

const checks: Readonly<Record<string, Check>> = { ...required, ...optional };

/** What is wrong with an event, by its attributes as text. */
function faultsOf(
  attributes: Readonly<Record<string, string | undefined>>,
  shown: (name: string) => string,
): string[] {
  const faults: string[] = [];
  for (const [name, check] of Object.entries(checks)) {
    const value = attributes[name];
    if (value === undefined) {
      if (name in required) faults.push(`${shown(name)} is missing`);
      continue;
    }
    const allowed = check(value);
    if (allowed !== undefined) {
      faults.push(`${shown(name)} is ${JSON.stringify(value)}, allowed is ${allowed}`);
    }
  }
  for (const name in attributes) {
    if (!/^[a-z0-9]+$/.test(name)) {
      faults.push(`${shown(name)} is no attribute's name: those are of a-z 0-9`);
    }
  }
  return faults;
}

const prefix = "ce-";

/** Whether headers say that they belong to an event in binary mode. */
export function isBinary(headers: Headers): boolean {
  return [...headers.keys()].some((name) => name.startsWith(prefix));
}

/** What is wrong with an event in binary mode, whose attributes are headers (`ce-id`). */
export function binaryFaults(headers: Headers): string[] {
  const attributes: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (!name.startsWith(prefix)) continue;
    const attribute = name.slice(prefix.length);
    // Not every publisher encodes the percent signs of a URI once more.
    const good = checks[attribute]?.(value) === undefined;
    attributes[attribute] = good ? value : decoded(value);
  }
  const faults = faultsOf(attributes, (name) => `the header ${prefix}${name}`);
  if ("datacontenttype" in attributes) {
    faults.push(`the header ${prefix}datacontenttype is not allowed: it is content-type here`);
  }
  return faults;
}

/** The HTTP binding has what is no visible ASCII percent-encoded. */
function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** What is wrong with an event in structured mode: a JSON object with its attributes. */
export function structuredFaults(event: unknown): string[] {
  if (typeof event !== "object" || event === null || Array.isArray(event)) {
    return ["it is no JSON object"];
  }
  const faults: string[] = [];
  const attributes: Record<string, string> = {};
  const { data, data_base64, ...members } = event as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(members)) {
    // By the JSON format, null is what is not there.
    if (value === null) continue;
    const simple = typeof value === "boolean" || Number.isInteger(value);
    if (typeof value === "string" || simple && !(name in required) && !(name in optional)) {
      attributes[name] = String(value);
    } else {
      faults.push(`"${name}" is ${JSON.stringify(value)}, allowed is a text`);
      // It is there, so that it is not said to be missing.
      if (name in required) attributes[name] = name === "specversion" ? "1.0" : "x";
    }
  }
  if (data_base64 !== undefined && data_base64 !== null) {
    const base64 = typeof data_base64 === "string" &&
      /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(data_base64);
    if (!base64) faults.push('"data_base64" is no text in base64');
    if (data !== undefined) faults.push('there are both "data" and "data_base64"');
  }
  return [...faults, ...faultsOf(attributes, (name) => `"${name}"`)];
}
