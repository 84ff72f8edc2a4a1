import type { Behaviour } from "./behaviour.ts";

export const behaviour: Behaviour = {
  name: "settling and publishing nothing at all is no error",
  async run(t) {
    const broker = await t.open();
    const queue = t.workQueue();
    await broker.declare(queue);
    await broker.publish({ queue: queue.name }, []);
    await broker.settle([]);
  },
};
