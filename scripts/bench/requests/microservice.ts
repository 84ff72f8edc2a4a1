/**
 * A microservice that answers at once with what it was sent. Prints its port.
 *
 * @module
 */
async function answer(request: Request): Promise<Response> {
  return new Response(await request.text(), { headers: { "content-type": "application/json" } });
}

if (import.meta.main) {
  const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
  console.log(Deno.serve(options, answer).addr.port);
}
