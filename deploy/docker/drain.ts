/**
 * What a preStop hook runs beside a service (`deno run --allow-run /drain.ts`): tells the container's
 * first process, the service, to drain, and does not wait for it.
 */
Deno.kill(1, "SIGTERM");
