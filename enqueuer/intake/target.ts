/** Which service a request is for, and what path the microservice sees. */
export interface Target {
  readonly service: string;
  /** Path and query, to the letter as the caller wrote them; starts with `/`. */
  readonly path: string;
}

const prefix = "/proxy/";

/**
 * Reads the target off a request's URL without parsing it, since a URL parser would rewrite
 * `/a/../b`, `//` and `%41`.
 * @returns undefined when the URL is not below `/proxy/` and there is no default service.
 */
export function targetOf(url: string, defaultService: string | undefined): Target | undefined {
  const slash = url.indexOf("/", url.indexOf("://") + 3);
  const path = slash < 0 ? "/" : url.slice(slash);
  if (!path.startsWith(prefix)) {
    return defaultService === undefined ? undefined : { service: defaultService, path };
  }
  const rest = path.slice(prefix.length);
  const end = rest.search(/[/?]/);
  if (end < 0) return { service: rest, path: "/" };
  const tail = rest.slice(end);
  return { service: rest.slice(0, end), path: tail.startsWith("?") ? `/${tail}` : tail };
}
