/** What the images' HEALTHCHECK runs: ends with 0 if `HEALTH_URL` answers 2xx, else with 1. */

const url = Deno.env.get("HEALTH_URL") ?? "";
try {
  const { ok, body } = await fetch(url, { signal: AbortSignal.timeout(4_000) });
  await body?.cancel();
  Deno.exit(ok ? 0 : 1);
} catch (error) {
  console.error(`${url}: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
