/**
 * Callers who send a body of some size, wait for the same body as the response, and send it again, for
 * some milliseconds. Prints how often it came back, as JSON.
 *
 *     deno run -A caller.ts URL CALLERS MS BYTES
 *
 * @module
 */

/** What the callers saw. */
export interface Echoed {
  readonly count: number;
  readonly seconds: number;
}

if (import.meta.main) {
  const [url = "", callers, ms, bytes] = Deno.args;
  const body = new TextEncoder().encode("a".repeat(Number(bytes)));
  let count = 0;
  const start = performance.now();
  const call = async () => {
    while (performance.now() - start < Number(ms)) {
      const response = await fetch(url, { method: "POST", body });
      const { byteLength } = await response.arrayBuffer();
      if (!response.ok || byteLength !== body.byteLength) {
        throw new Error(`${url}: ${response.status} with ${byteLength} bytes`);
      }
      count++;
    }
  };
  await Promise.all(Array.from({ length: Number(callers) }, call));
  const seen: Echoed = { count, seconds: (performance.now() - start) / 1_000 };
  console.log(JSON.stringify(seen));
}
