/** Opens both services as a program would, and closes them: then nothing keeps it alive. */

import { createDequeuer, createEnqueuer } from "../../mod.ts";

const broker = { brokerUrl: "memory:" };
const enqueuer = await createEnqueuer({ ...broker, port: 0 });
const dequeuer = await createDequeuer({
  ...broker,
  port: 0,
  service: "library-ended",
  targetUrl: "http://127.0.0.1:1",
});
await Promise.all([enqueuer.ready, dequeuer.ready]);
await dequeuer.close();
await enqueuer.close();
console.log("closed");
