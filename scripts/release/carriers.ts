/** What stands before and after the version in a file that carries it. */
type Place = readonly [before: string, after: string];

const image: Place = [String.raw`ghcr\.io/proxymq/[\w-]+:`, "$"];

/** The files that carry the version. */
export const carriers: Readonly<Record<string, Place>> = {
  "deno.json": ['^  "version": "', '",$'],
  "compose.prod.yaml": [String.raw`\$\{PROXYMQ_VERSION:-`, String.raw`\}`],
  "deploy/kubernetes/base/api.yaml": image,
  "deploy/kubernetes/base/microservice.yaml": image,
};

/**
 * Writes another version into the text of a file that carries it.
 * @throws {Error} the old one is not where it belongs.
 */
export function withVersion(path: string, text: string, from: string, to: string): string {
  const [before, after] = carriers[path] ?? ["", ""];
  const found = new RegExp(`(${before})${from.replaceAll(".", String.raw`\.`)}(?=${after})`, "gm");
  if (!found.test(text)) throw new Error(`${path} does not have the version ${from}`);
  return text.replace(found, (_, start: string) => start + to);
}
