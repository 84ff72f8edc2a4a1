/** Which service a request is for, and what path the microservice sees. */
export interface Target {
  readonly service: string;
  /** Path and query, to the letter as the caller wrote them; starts with `/`. */
  readonly path: string;
}

const prefix = "/proxy/";

/** Path and query of a URL, or of a path alone, to the letter. */
export function pathOf(url: string): string {
  if (url.startsWith("/")) return url;
  const scheme = url.indexOf("://");
  const slash = scheme < 0 ? -1 : url.indexOf("/", scheme + 3);
  return slash < 0 ? "/" : url.slice(slash);
}

/**
 * Reads the target off a request's URL, or off its path alone, without parsing it, since a URL
 * parser would rewrite `/a/../b`, `//` and `%41`.
 * @returns undefined when the URL is not below `/proxy/` and there is no default service.
 */
export function targetOf(url: string, defaultService: string | undefined): Target | undefined {
  const path = pathOf(url);
  if (!path.startsWith(prefix)) {
    return defaultService === undefined ? undefined : { service: defaultService, path };
  }
  const rest = path.slice(prefix.length);
  const end = rest.search(/[/?]/);
  if (end < 0) return { service: rest, path: "/" };
  const tail = rest.slice(end);
  return { service: rest.slice(0, end), path: tail.startsWith("?") ? `/${tail}` : tail };
}
